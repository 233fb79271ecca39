extension Shard {
  /// Mistakes in the choice of shard versions that no message from outside can imitate (numbers as in
  /// `ExplorationTrap`). A correct shard has none.
  package enum Defect: Hashable, Sendable {
    /// Trap 36: the own counter goes on from the held version, which may be a peer's.
    case counterFromHeldVersion
    /// Trap 38: of two versions of equal knowledge each side takes the other's.
    case adoptsEveryShardVersion
  }
}
