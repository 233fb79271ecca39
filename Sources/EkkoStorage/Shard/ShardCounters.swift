/// What a shard counts: for metrics, and for a simulation to see which branches of the rules were taken.
package struct ShardCounters: Hashable, Sendable {
  package var rowsWritten: UInt64 = 0
  package var rowsApplied: UInt64 = 0
  package var rowsSuperseded: UInt64 = 0
  /// Issued anew because they had survived only in a lesser form.
  package var rowsRecovered: UInt64 = 0
  /// Issued anew because they were loaded from beyond the future bound, and the clock is right.
  package var rowsReissued: UInt64 = 0
  package var rowsSent: UInt64 = 0
  package var rowsVisited: UInt64 = 0
  package var sectionsMerged: UInt64 = 0
  package var sectionsDropped: UInt64 = 0
  package var sectionsRefused: UInt64 = 0
  package var rowsExpired: UInt64 = 0
  package var tombstonesCollected: UInt64 = 0
  package var replacements: UInt64 = 0

  // What became of the held shard version when a section had merged.
  package var shardVersionsAdopted: UInt64 = 0
  package var shardVersionsKept: UInt64 = 0
  /// For the larger one of a peer that knew the same.
  package var shardVersionsGivenUp: UInt64 = 0
  /// Because knowledge or rows had grown beyond the peer's.
  package var shardVersionsIssuedAfterMerge: UInt64 = 0
  /// Because the last row of a dead origin beyond the knowledge was written over.
  package var shardVersionsIssuedWithoutClaim: UInt64 = 0

  // Cache walks.
  package var cacheWalksFromMark: UInt64 = 0
  /// Visited once more at a walk's end, because they were rewritten while it was under way.
  package var rewrittenRowsVisited: UInt64 = 0
  /// The hit test no longer held at the walk's end.
  package var cacheWalksTurnedScans: UInt64 = 0

  // Requests to go on with a scan that broke off.
  package var scansResumed: UInt64 = 0
  /// There was no such scan any more, or it was another's: the section started over.
  package var resumesRefused: UInt64 = 0

  // Full replaces of this replica's rows; `replacements` have ended.
  package var replacementsBegun: UInt64 = 0
  /// Begun because this replica distrusts its rows, after a retirement.
  package var replacementsOfDistrusted: UInt64 = 0
  /// Begun because the peer has collected tombstones that this replica does not know.
  package var replacementsBelowForgotten: UInt64 = 0
  package var replacementsResumed: UInt64 = 0
  package var replacementsBrokenOff: UInt64 = 0
  /// Rows that the peer did not have.
  package var rowsReplacedAway: UInt64 = 0

  package init() {}
}
