/// A mistake that is planted to see that the exploration finds it. The raw values are the numbers of
/// the catalogue of traps, which is also what the cases do.
///
/// All are made between the product's steps: the driver changes what a section says or a shard's version,
/// withholds rows, splits a write in two or gives a replica its old identity back.
package enum ExplorationTrap: Int, Hashable, Sendable, CaseIterable {
  /// Rows are selected at the snapshot, but the knowledge sent is that of the section's end.
  case knowledgeReadLast = 1
  /// A cache walk passes over rows that were rewritten while it was under way.
  case cursorMissesRewrittenRows = 2
  /// Two local writes draw their times, the later one is applied and known first.
  case writesCompleteOutOfOrder = 4
  /// A restarted replica keeps its id while its clock is back where it began.
  case clockBackUnderSameIdentity = 20
  /// A replica that starts from its file answers as if its empty cache held everything.
  case emptyDominatorAfterLoading = 28
  /// A shard version is announced, and sent, before the write it stands for is applied.
  case shardVersionBeforeUpdate = 35
  case counterFromHeldVersion = 36
  case adoptsEveryShardVersion = 38
  /// A replica that lost its state keeps its id; its clock goes on.
  case lostStateUnderSameIdentity = 46

  /// The invariant that it breaks.
  package var expected: ExplorationFailure {
    switch self {
    case .knowledgeReadLast, .cursorMissesRewrittenRows, .writesCompleteOutOfOrder,
      .emptyDominatorAfterLoading, .lostStateUnderSameIdentity:
      .knowledgeUnsound
    case .clockBackUnderSameIdentity: .versionNotUnique
    case .shardVersionBeforeUpdate, .counterFromHeldVersion: .shardVersionUnsound
    case .adoptsEveryShardVersion: .notQuiet
    }
  }

  /// A scope that passes without the mistake and is large enough to show it.
  package var scope: ExplorationScope {
    switch self {
    case .emptyDominatorAfterLoading:
      ExplorationScope(replicas: 2, operations: 2, pulls: 2, restarts: 1, saves: 1)
    case .clockBackUnderSameIdentity, .lostStateUnderSameIdentity:
      ExplorationScope(replicas: 2, operations: 2, pulls: 2, restarts: 1)
    case .counterFromHeldVersion:
      ExplorationScope(
        replicas: 3, operations: 2, pulls: 3, concurrentPulls: 1, earlierPuts: 4)
    default:
      ExplorationScope(replicas: 2, operations: 3, pulls: 2)
    }
  }
}
