package import EkkoRecommender

/// `ekko-node train`: trains a model of the cluster on a click log.
package struct TrainOptions: Hashable, Sendable {
  package var cluster: ClusterAccess
  package var model: String
  package var dataFile: String
  package var format: ClickLogFormat
  /// Waits for more rows at the end of the file.
  package var follow: Bool
  package var json: Bool
}

/// `ekko-node status`: what each replica holds.
package struct StatusOptions: Hashable, Sendable {
  package var cluster: ClusterAccess
  package var json: Bool
}

/// `ekko-node lag`: how far each replica is behind its primaries.
package struct LagOptions: Hashable, Sendable {
  package var cluster: ClusterAccess
  package var json: Bool
}

/// `ekko-node remove`: takes a node off the list of members.
package struct RemoveOptions: Hashable, Sendable {
  package var cluster: ClusterAccess
  package var node: String
}
