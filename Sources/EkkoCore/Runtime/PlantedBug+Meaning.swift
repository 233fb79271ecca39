#if PlantedBugs
  extension PlantedBug {
    /// Its number in the catalogue of replication traps, if it has one.
    package var trap: Int? { Self.entries[self]!.trap }

    /// What the product does wrong, in one sentence.
    package var meaning: String { Self.entries[self]!.meaning }

    private static let entries: [PlantedBug: (trap: Int?, meaning: String)] = [
      .knowledgeReadLast: (1, "A section ends with the knowledge of its end, not of its snapshot."),
      .rewrittenRowsMissed: (
        2, "A cache walk does not come back to rows that were rewritten while it was under way."
      ),
      .hitNotRetested: (
        3,
        "A cache walk does not repeat the hit test at its end, though entries were pruned meanwhile."
      ),
      .writesCompleteOutOfOrder: (
        4, "A write draws its times in one step and is applied in another."
      ),
      .knowledgeWithRows: (
        5, "Knowledge is raised with each batch of rows, not at the section's end."
      ),
      .scanResumedWhereSent: (
        6,
        "A broken scan goes on where the responder stopped sending, not where the requester stopped accepting."
      ),
      .incompleteSectionMerged: (
        6, "A section's entries are neither counted nor summed before its knowledge is merged."
      ),
      .attemptsMixed: (7, "All asks bear the same nonce."),
      .requesterWentBack: (
        8, "Knowledge is merged even if ours has fallen below what we asked with."
      ),
      .replyCapped: (9, "A section ends when its first piece is full, with all its knowledge."),
      .shardVersionReadLast: (
        12, "A section ends with the shard version of its end, not of its snapshot."
      ),
      .snapshotKnowledgeReadLast: (
        13, "A snapshot file ends with the knowledge of its end, not of its beginning."
      ),
      .rowTorn: (16, "Of a row that is replaced only the first half is copied."),
      .retryAppliedTwice: (17, "A repeated request is applied again."),
      .oneRequestRemembered: (
        17,
        "A primary remembers the last request of a client only, and forgets that there were others."
      ),
      .clockStepsBack: (19, "A timestamp follows the wall when that has stepped back."),
      .identityKeptWithDisk: (20, "A node keeps its incarnation in its files."),
      .futureAccepted: (22, "Versions from any future are taken."),
      .hitTestSkipsUnknownOrigins: (
        27, "The hit test passes over origins that the asker does not know."
      ),
      .emptyDominatorAfterLoading: (
        28, "Loading a snapshot leaves the dominator version vector empty."
      ),
      .deletesBypassCache: (29, "Tombstones do not enter the update cache."),
      .erasedBeforeDominator: (
        30,
        "Entries are erased at one pruning, and their versions enter the dominator version vector at the next."
      ),
      .staleCopyPruned: (31, "Pruning an old arrival of a row erases its present one."),
      .horizonFollowsWall: (
        33, "What arrives before the latest pruning horizon, by the wall clock, is not cached."
      ),
      .retiredRowsUnknown: (34, "Rows of retired origins count as unknown to every asker."),
      .shardVersionBeforeUpdate: (
        35, "A write's shard version is announced before its rows are there."
      ),
      .counterFromHeldVersion: (
        36, "The own counter goes on from the held version, which may be a peer's."
      ),
      .shardVersionCounterLost: (
        37, "Shard versions bear the node's name, and their counter starts anew with each life."
      ),
      .everyShardVersionAdopted: (
        38, "Of two shard versions of equal knowledge each side takes the other's."
      ),
      .knowledgeNotCanonical: (
        39,
        "A replica that never wrote holds a zero entry for itself, which no peer's knowledge equals."
      ),
      .failedPullForgotten: (
        40, "A shard whose pull failed is not asked for again until it changes."
      ),
      .bookmarkOutlivesResponder: (41, "A bookmark of one life of a peer is used in the next."),
      .identityWithoutState: (
        46, "A node's incarnation is made of its name, whatever it has lost."
      ),
      .nothingRetired: (47, "No origin is ever retired."),
      .retiredUnsealed: (
        48,
        "An origin is dropped from the knowledge of a shard that does not know it up to its seal."
      ),
      .retiredBeforeAllHold: (48, "An origin is retired before every member holds what it wrote."),
      .retiredInOneVector: (48, "A retired origin stays in the forgotten vector."),
      .dominatorOutlivesClaim: (
        nil, "The DVV keeps the times of a dead origin's rows when the claim to them has ended."
      ),
      .tombstonesForgotten: (
        79, "Collected tombstones are not remembered in the forgotten vector."
      ),
      .expiryByLocalClock: (80, "A row's time to live begins when this life of the replica does."),
      .cacheWalkNewestFirst: (nil, "A cache walk goes from the newest entry to the oldest."),
      .cachePrunedByVersionTime: (
        nil, "Entries are pruned by the time of their version, so that a lagging relay keeps none."
      ),
      .durabilityNotAwaited: (
        nil, "A write that asked for other replicas is acknowledged once its primary has it."
      ),
      .oneMemberIsTheDataCentre: (
        nil, "A data centre counts as holding a write when one of its members does."
      ),
      .notSavedAtStop: (nil, "A node that stops in order does not save its shards."),
      .notSavedWhileRunning: (nil, "A node saves its shards only as it stops in order."),
      .scalarBookmark: (nil, "The bookmark stays before a shard that cannot be pulled."),
      .refusedRowsMerged: (
        nil, "Rows that are refused count as accepted, and the section's knowledge is merged."
      ),
      .markIgnored: (
        nil, "Every cache walk begins at the oldest entry, whatever the asker has merged."
      ),
      .lastArrivalWins: (nil, "A row is replaced by whatever arrives, be it older."),
      .cacheNeverCompacted: (nil, "The cache keeps the entries of rows that arrived anew."),
      .adoptedWhileAhead: (nil, "A peer's shard version is adopted by a replica that knows more."),
      .shardVersionsComparedByCounter: (
        nil, "Shard versions of different issuers are compared by their counters."
      ),
      .marksOutliveResponder: (nil, "A mark of one life of a peer is used in the next."),
      .freshnessBeforeRows: (
        nil, "What a peer has seen counts as seen here before its rows have come."
      ),
      .freshnessIgnoresOpenWrites: (
        nil, "A primary has seen its own writes through now, though some are not yet applied."
      ),
      .replacementClaimKept: (nil, "A link that ends keeps the shards it was replacing."),
      .replacementRemovesTooMuch: (
        nil, "A full replace removes rows that the peer could not know."
      ),
      .replacementRemovesTooLittle: (nil, "A full replace removes nothing."),
    ]
  }
#endif
