#if PlantedBugs
  internal import Synchronization

  /// A mistake that is planted in the product to see that the simulation finds it: each switches off what
  /// prevents a trap of the catalogue of replication traps, or one like them. Mostly that is one line.
  /// Where what prevents it is done in several places, or the trap is another way of doing it
  /// (`cacheWalkNewestFirst`, `cachePrunedByVersionTime`, `identityKeptWithDisk`, …), the mistake itself is
  /// written down, mostly in a file named for the type it is in and `+PlantedBugs`.
  ///
  /// Compiled only with the package trait `PlantedBugs`. At most one is active, in the whole process.
  package enum PlantedBug: String, Hashable, Sendable, CaseIterable {
    // Answers
    case knowledgeReadLast, rewrittenRowsMissed, hitNotRetested, replyCapped, shardVersionReadLast
    case cacheWalkNewestFirst, markIgnored, scanResumedWhereSent
    // Taking answers
    case knowledgeWithRows, incompleteSectionMerged, attemptsMixed, requesterWentBack
    case refusedRowsMerged, rowTorn, lastArrivalWins
    case futureAccepted
    // Writes
    case writesCompleteOutOfOrder, retryAppliedTwice, oneRequestRemembered, clockStepsBack
    case durabilityNotAwaited, oneMemberIsTheDataCentre
    // Identity
    case identityKeptWithDisk, identityWithoutState
    // Update cache
    case hitTestSkipsUnknownOrigins, emptyDominatorAfterLoading, deletesBypassCache
    case erasedBeforeDominator, staleCopyPruned, horizonFollowsWall, cachePrunedByVersionTime
    case cacheNeverCompacted, dominatorOutlivesClaim
    // Shard versions
    case shardVersionBeforeUpdate, counterFromHeldVersion, shardVersionCounterLost
    case everyShardVersionAdopted, knowledgeNotCanonical, adoptedWhileAhead
    case shardVersionsComparedByCounter
    // Announcements
    case failedPullForgotten, bookmarkOutlivesResponder, scalarBookmark, marksOutliveResponder
    case freshnessBeforeRows, freshnessIgnoresOpenWrites, replacementClaimKept
    // Retirement, deletes, expiry
    case nothingRetired, retiredBeforeAllHold, retiredUnsealed
    case retiredInOneVector, retiredRowsUnknown, tombstonesForgotten
    case expiryByLocalClock
    case replacementRemovesTooMuch, replacementRemovesTooLittle
    // Snapshots
    case snapshotKnowledgeReadLast, notSavedAtStop, notSavedWhileRunning

    /// The one that is active now. Set it only while no simulation runs.
    package static var active: PlantedBug? {
      // SAFETY: only values of this very type were stored, as their one byte.
      get { unsafe unsafeBitCast(Self.selected.load(ordering: .relaxed), to: PlantedBug?.self) }
      set { Self.selected.store(Self.byte(of: newValue), ordering: .relaxed) }
    }

    private static let selected = Atomic<UInt8>(PlantedBug.byte(of: nil))

    private static func byte(of bug: PlantedBug?) -> UInt8 {
      // SAFETY: an optional of fewer than 255 cases without payload is one byte.
      unsafe unsafeBitCast(bug, to: UInt8.self)
    }
  }
#endif
