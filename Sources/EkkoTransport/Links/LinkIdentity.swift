package import EkkoCore

/// Names a cluster, so that nodes of two never mix. Zero: not known yet; a node that joins adopts
/// the other side's.
package struct ClusterID: Hashable, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }

  package static let unknown = ClusterID(rawValue: 0)
}

/// What a node does in the cluster; one node may have several roles.
package struct RoleSet: OptionSet, Hashable, Sendable {
  package let rawValue: UInt16

  package init(rawValue: UInt16) { self.rawValue = rawValue }

  package static let training = RoleSet(rawValue: 1 << 0)
  package static let inference = RoleSet(rawValue: 1 << 1)
  package static let witness = RoleSet(rawValue: 1 << 2)
  package static let router = RoleSet(rawValue: 1 << 3)
  package static let manager = RoleSet(rawValue: 1 << 4)
  /// Not a replica: reads and writes, but is never pulled from.
  package static let client = RoleSet(rawValue: 1 << 5)
}

/// How one side of a link describes itself in the handshake (DESIGN §6.1).
package struct LinkIdentity: Hashable, Sendable {
  /// Names are cut to this many bytes of UTF-8 on the wire.
  package static let nameByteLimit = 255

  package var cluster: ClusterID
  package var node: NodeID
  package var name: String
  package var incarnation: IncarnationID
  package var roles: RoleSet
  package var dataCentre: String
  package var zone: String
  /// Which form of its rows the node holds; `nil` for one that holds none.
  package var form: FormClass?
  /// Optional abilities; a link uses those that both sides have.
  package var features: UInt64 = 0
  package var wireVersions: ClosedRange<UInt8> = 1...1
  package var shardFunctionDigest = ShardFunction.digest

  package init(
    cluster: ClusterID = .unknown, name: String, incarnation: IncarnationID, roles: RoleSet,
    dataCentre: String, zone: String = "", form: FormClass?
  ) {
    self.cluster = cluster
    self.node = NodeID(name: name)
    self.name = name
    self.incarnation = incarnation
    self.roles = roles
    self.dataCentre = dataCentre
    self.zone = zone
    self.form = form
  }
}
