internal import EkkoStorage

/// Which of the paper's means of sending less a replica uses: to switch them off one by one, for
/// measuring what each brings (Ekko §6.1.3, Figure 8) and for showing that none changes an outcome.
///
/// They cost or save; what a replica holds in the end does not depend on them, so replicas of one
/// cluster may differ.
package struct SynchronisationMethods: Hashable, Sendable {
  /// Off: every answer is a scan of all rows (§4.4.1).
  package var usesUpdateCache = true
  /// Off: every announced change is pulled, and settled only by a section that merged, whatever
  /// version is held (§4.4.2).
  package var usesShardVersions = true
  /// About so many bytes of an answer are taken from a shard at a time; a row that is larger goes
  /// alone. Small frames are filled up with the beginning of the next section.
  package var answerByteLimit = SynchronisationMethods.usualAnswerByteCount

  /// The same of a snapshot; at most `SnapshotWriter.pieceByteCount`.
  package var snapshotByteLimit = SnapshotWriter.pieceByteCount

  /// After about this many bytes of rows a peer stops and leaves the rest owed.
  package var credit: UInt32 = 8 << 20
  /// What taking a section's rows is reckoned to cost beyond what the clock shows: links rest by that
  /// (see `ReplicaPeer`), also where work takes no time, as in simulation.
  package var sectionEffort = Duration.zero
  /// The first estimate of D_prop; see `PropagationEstimate`.
  package var firstHorizon = PropagationEstimate.usualHorizon

  /// As much as one loop makes while nobody minds to wait, so that few pieces have to come over from
  /// another: with pieces of 64 kB replicas of a busy primary were late by half as much again.
  package static let usualAnswerByteCount = 256 << 10
  /// What, with the next section's beginning, surely fits the largest frame.
  package static let largestAnswerByteCount = 512 << 10

  package init() {}
}
