#if PlantedBugs
  package import EkkoCore

  /// For each planted mistake the first seed that was seen to find it, and what it broke there, so that
  /// the continuous check needs one run for each. A change of the scenario moves them: `ekko-sim mutants`
  /// finds the new ones.
  package enum RecordedSeeds {
    package typealias Record = (seed: UInt64, invariant: Invariant)

    package static func record(of bug: PlantedBug) -> Record? { Self.records[bug] }

    private static let records: [PlantedBug: Record] = [
      .knowledgeReadLast: (1, .k1),
      .rewrittenRowsMissed: (1, .k1),
      .hitNotRetested: (4, .k1),
      .replyCapped: (0, .k1),
      .shardVersionReadLast: (1, .s1),
      .cacheWalkNewestFirst: (1, .k1),
      .markIgnored: (0, .b2),
      .scanResumedWhereSent: (16, .k1),
      .knowledgeWithRows: (0, .k1),
      .incompleteSectionMerged: (41, .k1),
      .attemptsMixed: (17, .l1),
      .requesterWentBack: (18, .d1),
      .refusedRowsMerged: (89, .k1),
      .rowTorn: (0, .k3),
      .lastArrivalWins: (0, .k4),
      .futureAccepted: (13, .b1),
      .writesCompleteOutOfOrder: (6, .k4),
      .retryAppliedTwice: (3, .e1),
      .oneRequestRemembered: (3, .e1),
      .oneMemberIsTheDataCentre: (1, .l2),
      .durabilityNotAwaited: (10, .l2),
      .clockStepsBack: (8, .k4),
      .identityKeptWithDisk: (2, .l2),
      .identityWithoutState: (2, .l2),
      .hitTestSkipsUnknownOrigins: (3, .k1),
      .emptyDominatorAfterLoading: (2, .c1),
      .deletesBypassCache: (4, .c1),
      .erasedBeforeDominator: (1, .c1),
      .staleCopyPruned: (1, .c1),
      .horizonFollowsWall: (588, .b2),
      .cachePrunedByVersionTime: (487, .b2),
      .cacheNeverCompacted: (0, .b1),
      .shardVersionBeforeUpdate: (0, .s1),
      .counterFromHeldVersion: (3, .s1),
      .shardVersionCounterLost: (0, .s1),
      .everyShardVersionAdopted: (1, .s1),
      .knowledgeNotCanonical: (0, .s2),
      .adoptedWhileAhead: (1, .s1),
      .shardVersionsComparedByCounter: (1, .l3),
      .failedPullForgotten: (7, .l3),
      .bookmarkOutlivesResponder: (2, .l3),
      .scalarBookmark: (0, .b1),
      .marksOutliveResponder: (2, .k1),
      .freshnessBeforeRows: (0, .l3),
      .freshnessIgnoresOpenWrites: (7, .l3),
      .replacementClaimKept: (20, .l1),
      .nothingRetired: (2, .b1),
      .retiredBeforeAllHold: (152, .l2),
      .retiredUnsealed: (7, .l1),
      .retiredInOneVector: (11, .b2),
      .retiredRowsUnknown: (2, .b2),
      .tombstonesForgotten: (76, .k1),
      .expiryByLocalClock: (10, .l1),
      .replacementRemovesTooMuch: (111, .k1),
      .replacementRemovesTooLittle: (76, .k1),
      .snapshotKnowledgeReadLast: (44, .s1),
      .notSavedAtStop: (1, .l2),
      .notSavedWhileRunning: (0, .l2),
    ]
  }
#endif
