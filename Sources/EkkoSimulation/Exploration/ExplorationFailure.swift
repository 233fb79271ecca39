/// An invariant that did not hold, by its name in the catalogue of invariants.
package enum ExplorationFailure: String, Error, Sendable {
  /// Knowledge covers an update whose row is missing or older.
  case knowledgeUnsound = "K1"
  /// One version was issued twice.
  case versionNotUnique = "K3"
  /// The holder of a shard version that dominates another's knows less than that other.
  case shardVersionUnsound = "S1"
  /// Replicas that are equal keep finding something to pull.
  case notQuiet = "S2"
  /// Replicas that can reach each other do not become equal.
  case notConverged = "L1"
  /// A structure within a shard contradicts itself (C1 among others).
  case structure = "C1"
}
