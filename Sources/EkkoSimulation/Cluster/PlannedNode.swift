/// One node of the cluster. It is named as its host is.
package struct PlannedNode: Hashable, Sendable {
  package let name: String
  package let dataCentre: String
  package let isTraining: Bool
  /// Whom it pulls from and learns the cluster from; empty for the node that founds it.
  package let join: [String]
  package let keepsFiles: Bool

  package init(
    name: String, dataCentre: String, isTraining: Bool, join: [String], keepsFiles: Bool
  ) {
    self.name = name
    self.dataCentre = dataCentre
    self.isTraining = isTraining
    self.join = join
    self.keepsFiles = keepsFiles
  }

  /// One that writes; without anyone to join it founds the cluster.
  package static func training(
    _ name: String, in dataCentre: String, join: [String] = [], keepsFiles: Bool = true
  ) -> PlannedNode {
    PlannedNode(
      name: name, dataCentre: dataCentre, isTraining: true, join: join, keepsFiles: keepsFiles)
  }

  /// One that only serves.
  package static func inference(
    _ name: String, in dataCentre: String, join: [String], keepsFiles: Bool = true
  ) -> PlannedNode {
    PlannedNode(
      name: name, dataCentre: dataCentre, isTraining: false, join: join, keepsFiles: keepsFiles)
  }
}

/// A client: where it reads, and so where it first hears of the cluster.
package struct PlannedClient: Hashable, Sendable {
  package let name: String
  package let dataCentre: String
  package let endpoints: [String]
}
