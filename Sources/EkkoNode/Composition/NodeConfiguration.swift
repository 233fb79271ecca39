internal import EkkoCore
package import EkkoReplication
package import EkkoStorage
package import EkkoTransport

/// Everything that makes one node what it is.
package struct NodeConfiguration: Sendable {
  /// Unique in the cluster, the same in every life. Empty: made of data centre and address.
  package var name: String
  package var roles: RoleSet
  package var dataCentre: String
  package var zone = ""
  package var listen: Endpoint
  /// Where others reach the node, if not where it listens; port 0 stands for the port it listens on.
  package var advertise: Endpoint?
  /// Peers to pull from, and to learn the cluster from. A training node without any founds one.
  package var join: [Endpoint] = []
  package var secret: SharedSecret?
  /// Over how many core loops the node's actors are spread.
  package var homes = 1
  /// Where the node keeps its shards between starts; `nil` for nowhere.
  package var files: (any FileStore)?
  /// The cluster a node that starts again was part of.
  package var cluster = ClusterID.unknown
  /// Whether the node holds replicas of what others are primary of; see `ReplicaNode.replicates`.
  package var replicates = true
  /// How it keeps in step with its peers.
  package var methods = SynchronisationMethods()
  /// How often the catalogue's writer looks for an origin that can be retired.
  package var retirementInterval = Duration.seconds(5)
  /// A model that a founding node creates at once.
  package var firstModel: ModelDraft?
  /// At least; a large store takes longer to save and is saved less often.
  package var snapshotInterval = Duration.seconds(1)

  package init(name: String, roles: RoleSet, dataCentre: String, listen: Endpoint) {
    self.name = name
    self.roles = roles
    self.dataCentre = dataCentre
    self.listen = listen
  }

  /// The form of the rows it holds.
  var form: FormClass { self.roles.contains(.training) ? .full : .serving }

  /// Where others reach a node that listens on `endpoint`.
  func advertised(listeningOn endpoint: Endpoint) -> Endpoint {
    guard let advertise = self.advertise else { return endpoint }
    guard advertise.port == 0 else { return advertise }
    return Endpoint(host: advertise.host, port: endpoint.port)
  }

  package var founds: Bool { self.roles.contains(.training) && self.join.isEmpty }
}
