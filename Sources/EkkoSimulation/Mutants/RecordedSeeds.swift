#if PlantedBugs
  package import EkkoCore

  /// For each planted mistake the first seed that was seen to find it, and what it broke there, so that
  /// the continuous check needs one run for each. A change of the scenario moves them: `ekko-sim mutants`
  /// finds the new ones.
  package enum RecordedSeeds {
    package typealias Record = (seed: UInt64, invariant: Invariant)

    package static func record(of bug: PlantedBug) -> Record? { Self.records[bug] }

    private static let records: [PlantedBug: Record] = [
      .knowledgeReadLast: (1, .run),
      .rewrittenRowsMissed: (1, .run),
      .hitNotRetested: (16, .run),
      .replyCapped: (0, .run),
      .shardVersionReadLast: (1, .run),
      .cacheWalkNewestFirst: (1, .run),
      .markIgnored: (0, .run),
      .scanResumedWhereSent: (25, .run),
      .knowledgeWithRows: (0, .run),
      .incompleteSectionMerged: (41, .run),
      .attemptsMixed: (0, .run),
      .requesterWentBack: (31, .run),
      .refusedRowsMerged: (62, .run),
      .rowTorn: (0, .run),
      .lastArrivalWins: (0, .run),
      .futureAccepted: (10, .run),
      .writesCompleteOutOfOrder: (6, .run),
      .retryAppliedTwice: (0, .run),
      .oneRequestRemembered: (0, .run),
      .durabilityNotAwaited: (0, .run),
      .clockStepsBack: (20, .run),
      .identityKeptWithDisk: (3, .run),
      .identityWithoutState: (3, .run),
      .hitTestSkipsUnknownOrigins: (1, .run),
      .emptyDominatorAfterLoading: (3, .run),
      .deletesBypassCache: (4, .run),
      .erasedBeforeDominator: (1, .run),
      .staleCopyPruned: (1, .run),
      .horizonFollowsWall: (60, .run),
      .cachePrunedByVersionTime: (70, .run),
      .cacheNeverCompacted: (0, .run),
      .shardVersionBeforeUpdate: (0, .run),
      .counterFromHeldVersion: (37, .run),
      .shardVersionCounterLost: (4, .run),
      .everyShardVersionAdopted: (1, .run),
      .knowledgeNotCanonical: (0, .run),
      .adoptedWhileAhead: (1, .run),
      .shardVersionsComparedByCounter: (1, .run),
      .failedPullForgotten: (10, .run),
      .bookmarkOutlivesResponder: (4, .run),
      .scalarBookmark: (0, .run),
      .marksOutliveResponder: (4, .run),
      .freshnessBeforeRows: (0, .run),
      .freshnessIgnoresOpenWrites: (2, .run),
      .replacementClaimKept: (42, .run),
      .nothingRetired: (7, .run),
      .retiredBeforeAllHold: (109, .run),
      .retiredUnsealed: (7, .run),
      .retiredInOneVector: (12, .run),
      .retiredRowsUnknown: (7, .run),
      .tombstonesForgotten: (784, .run),
      .expiryByLocalClock: (115, .run),
      .replacementRemovesTooMuch: (819, .run),
      .replacementRemovesTooLittle: (784, .run),
      .snapshotKnowledgeReadLast: (71, .run),
    ]
  }
#endif
