#if PlantedBugs
  package import EkkoCore

  /// For each planted mistake the first seed that was seen to find it, and what it broke there, so that
  /// the continuous check needs one run for each. A change of the scenario moves them: `ekko-sim mutants`
  /// finds the new ones.
  package enum RecordedSeeds {
    package typealias Record = (seed: UInt64, invariant: Invariant)

    package static func record(of bug: PlantedBug) -> Record? { Self.records[bug] }

    private static let records: [PlantedBug: Record] = [
      .knowledgeReadLast: (0, .k1),
      .rewrittenRowsMissed: (0, .k1),
      .hitNotRetested: (51, .k1),
      .replyCapped: (0, .k1),
      .shardVersionReadLast: (1, .s1),
      .cacheWalkNewestFirst: (0, .k1),
      .markIgnored: (0, .c3),
      .scanResumedWhereSent: (15, .k1),
      .knowledgeWithRows: (0, .k1),
      .incompleteSectionMerged: (15, .k1),
      .attemptsMixed: (8, .b1),
      .requesterWentBack: (2, .d1),
      .refusedRowsMerged: (17, .k1),
      .rowTorn: (0, .k3),
      .lastArrivalWins: (1, .k4),
      .futureAccepted: (13, .b1),
      .writesCompleteOutOfOrder: (6, .k3),
      .retryAppliedTwice: (0, .e1),
      .oneRequestRemembered: (0, .e1),
      .oneMemberIsTheDataCentre: (2, .l2),
      .durabilityNotAwaited: (0, .l2),
      .clockStepsBack: (6, .k3),
      .identityKeptWithDisk: (0, .s1),
      .identityWithoutState: (0, .s1),
      .hitTestSkipsUnknownOrigins: (0, .c3),
      .emptyDominatorAfterLoading: (0, .c1),
      .deletesBypassCache: (2, .c1),
      .erasedBeforeDominator: (0, .c1),
      .staleCopyPruned: (0, .c1),
      .horizonFollowsWall: (178, .b2),
      .cachePrunedByVersionTime: (392, .b2),
      .cacheNeverCompacted: (0, .b1),
      .shardVersionBeforeUpdate: (0, .s1),
      .counterFromHeldVersion: (0, .s1),
      .shardVersionCounterLost: (0, .s1),
      .everyShardVersionAdopted: (0, .s1),
      .knowledgeNotCanonical: (1, .s2),
      .adoptedWhileAhead: (0, .s1),
      .shardVersionsComparedByCounter: (0, .l3),
      .failedPullForgotten: (0, .l3),
      .bookmarkOutlivesResponder: (0, .l3),
      .scalarBookmark: (0, .b1),
      .marksOutliveResponder: (0, .k1),
      .freshnessBeforeRows: (0, .l3),
      .freshnessIgnoresOpenWrites: (0, .l3),
      .replacementClaimKept: (15, .l1),
      .nothingRetired: (0, .b1),
      .dominatorOutlivesClaim: (240, .c1),
      .retiredBeforeAllHold: (546, .l2),
      .retiredUnsealed: (0, .l1),
      .retiredInOneVector: (12, .b2),
      .retiredRowsUnknown: (0, .c3),
      .tombstonesForgotten: (186, .k1),
      .expiryByLocalClock: (10, .l1),
      .replacementRemovesTooMuch: (405, .k1),
      .replacementRemovesTooLittle: (186, .k1),
      .snapshotKnowledgeReadLast: (0, .s1),
      .notSavedAtStop: (4, .l2),
      .notSavedWhileRunning: (0, .l2),
    ]
  }
#endif
