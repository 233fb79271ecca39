package import EkkoCore

/// One replica of one shard: rows, update cache, shard knowledge and shard version, changed only
/// together (Ekko §4; DESIGN §5.4 "one funnel, one snapshot").
///
/// A value without I/O: each method is one atomic step of the protocol. Invariants, checked by
/// `checkInvariants()`:
/// - **K1** knowledge covers an update only if the row has it or a later one;
/// - **C1** a row outside the cache has a version the DVV covers;
/// - **S1** this incarnation issues each shard version once, and only its own counter counts.
package struct Shard: Sendable {
  package let id: ShardID
  package let formClass: FormClass
  /// The life of the replica that owns this shard; the origin of its local writes.
  package let incarnation: IncarnationID
  package internal(set) var epoch: ModelEpoch
  package internal(set) var tables: [RowTable]
  /// How many of the rows are tombstones.
  package internal(set) var tombstoneCount = 0
  package internal(set) var origins = OriginTable()

  package internal(set) var knowledge = VersionVector()
  /// Rows held beyond the knowledge, as the largest time per origin: applied from sections whose
  /// end has not come, or never came. A shard version stands for knowledge *and* these rows; without
  /// them, rows whose origin died in the middle of a section would stay where they got to.
  package internal(set) var ahead = VersionVector()
  /// For dead origins a row that bears out the claim, as far as one was looked for.
  var aheadWitnesses: [IncarnationID: Walk.RowReference] = [:]
  package internal(set) var significantKnowledge = VersionVector()
  /// Largest times of tombstones collected here or by someone whose rows we took whole.
  package internal(set) var forgotten = VersionVector()
  /// Times up to which a peer has collected tombstones: all members hold those.
  package internal(set) var collectable = VersionVector()
  package var shardVersion: ShardVersion
  /// The own counter, kept apart from the held version: adopting a peer's must never turn it back.
  package var issuedCounter: UInt64
  package internal(set) var clock = HybridClock()

  /// The sequence of the latest arrival.
  package internal(set) var arrival: UInt64 = 0
  package internal(set) var cache = UpdateCache()
  package internal(set) var walks: [Walk] = []
  var nextWalkID: UInt64 = 1
  /// Slots removed while a walk was open: not reused before it ends.
  var deferredFrees: [Walk.RowReference] = []
  var replacement: Replacement?
  /// This replica's rows cannot be trusted until replaced whole; it answers nothing meanwhile.
  package internal(set) var mustReplace = false
  /// The largest version time among what was loaded from a file, if that lay beyond the future bound:
  /// the clock was ahead when these were issued, or is behind now. Until it is known which, this
  /// replica answers and issues nothing; see `settleLoaded`.
  package internal(set) var loadedBeyond: Timestamp?
  var requests = RequestWindow()
  package internal(set) var counters = ShardCounters()
  /// What the last section that was merged had been asked with: the knowledge of that moment dominated
  /// it (D1).
  package internal(set) var mergedAsked = VersionVector()
  /// How far ahead of this node's wall a version may be (DESIGN §5.2).
  package let futureBound: Duration
  #if PlantedBugs
    var birth = Timestamp.zero
    var wallHorizon = Timestamp.zero
  #endif

  package static let usualFutureBound = Duration.milliseconds(500)

  package init(
    id: ShardID, schemas: [TableSchema], formClass: FormClass, incarnation: IncarnationID,
    epoch: ModelEpoch = .first, futureBound: Duration = Shard.usualFutureBound
  ) {
    self.id = id
    self.formClass = formClass
    self.incarnation = incarnation
    self.epoch = epoch
    self.tables = schemas.enumerated().map {
      RowTable(id: TableID(rawValue: UInt16($0)), schema: $1, formClass: formClass)
    }
    self.issuedCounter = 1
    self.shardVersion = ShardVersion(counter: 1, issuer: incarnation)
    self.futureBound = futureBound
    #if PlantedBugs
      self.mislabelShardVersion()
    #endif
  }

  /// Adds tables the catalogue has gained, and takes the changes a schema may make.
  package mutating func updateSchemas(_ schemas: [TableSchema]) {
    for (index, schema) in schemas.enumerated() {
      if index >= self.tables.count {
        self.tables.append(
          RowTable(
            id: TableID(rawValue: UInt16(index)), schema: schema, formClass: self.formClass))
      } else if self.tables[index].schema != schema {
        self.tables[index].schema = schema
      }
    }
  }

  /// Whether its rows and knowledge count: others may have them, and it may issue versions.
  package var isTrusted: Bool { !self.mustReplace && self.loadedBeyond == nil }

  /// All rows held, those of deleted keys among them.
  package var rowCount: Int {
    self.tables.indices.reduce(0) { $0 + self.tables[$1].occupiedCount }
  }

  /// The rows that are not deleted: replicas that know the same have the same number of them, whenever
  /// each collects its tombstones.
  package var liveRowCount: Int { self.rowCount - self.tombstoneCount }

  /// A new shard version of our own.
  mutating func issueShardVersion() {
    #if PlantedBugs
      if PlantedBug.active == .counterFromHeldVersion {
        self.issuedCounter = self.shardVersion.counter
      }
    #endif
    self.issuedCounter += 1
    self.shardVersion = ShardVersion(counter: self.issuedCounter, issuer: self.incarnation)
    #if PlantedBugs
      self.mislabelShardVersion()
    #endif
  }

  package func version(of stamp: RowTable.Stamp) -> ParameterVersion {
    ParameterVersion(timestamp: stamp.timestamp, origin: self.origins[stamp.origin])
  }

  /// Stamps the row in `slot` as arrived now and tells open walks; the update cache is told with what is
  /// staged (`append`). `memory` is that of table `index`.
  @inline(__always)
  mutating func stampArrival(
    in memory: RowMemory, index: Int, slot: Int, timestamp: Timestamp, origin: UInt32,
    isTombstone: Bool, replaced: UInt64, staged: inout StagedArrivals
  ) {
    if staged.isFull { self.append(&staged) }
    // A row just inserted is no tombstone yet.
    if memory.isTombstone(at: slot) != isTombstone { self.tombstoneCount += isTombstone ? 1 : -1 }
    memory.setStamp(
      RowTable.Stamp(
        timestamp: timestamp, origin: origin, isTombstone: isTombstone,
        sequence: self.arrival + staged.next), at: slot)
    #if PlantedBugs
      if PlantedBug.active == .deletesBypassCache, isTombstone {
        self.append(&staged)
        self.arrival += 1
        return
      }
    #endif
    // SAFETY: there is room for a block.
    unsafe staged.add(
      UpdateCache.Entry(
        table: UInt16(truncatingIfNeeded: index), slot: UInt32(truncatingIfNeeded: slot),
        timestamp: timestamp, origin: origin), replacing: replaced)
    if !self.walks.isEmpty && replaced != 0 {
      self.noteRewrite(table: index, slot: slot, replaced: replaced)
    }
  }

  /// The same for one row, of which the cache is told at once.
  mutating func stampArrival(
    in memory: RowMemory, index: Int, slot: Int, timestamp: Timestamp, origin: UInt32,
    isTombstone: Bool, replaced: UInt64
  ) {
    StagedArrivals.withRoom { staged in
      self.stampArrival(
        in: memory, index: index, slot: slot, timestamp: timestamp, origin: origin,
        isTombstone: isTombstone, replaced: replaced, staged: &staged)
      self.append(&staged)
    }
  }

  /// Tells each open cache walk that has yet to reach arrival `replaced` that this row has left its
  /// path, so that the walk visits it at its end.
  mutating func noteRewrite(table: Int, slot: Int, replaced: UInt64) {
    #if PlantedBugs
      if PlantedBug.active == .rewrittenRowsMissed { return }
    #endif
    for index in self.walks.indices {
      guard case .cache(let cursor) = self.walks[index].position, replaced > cursor,
        replaced <= self.walks[index].mark
      else { continue }
      self.walks[index].rewritten.append(
        Walk.RowReference(table: UInt16(table), slot: UInt32(slot)))
    }
  }

  /// Ends a batch of arrivals: notes their time, prunes what is too old, compacts if worthwhile.
  mutating func finishArrivals(at now: Instant) {
    #if PlantedBugs
      if self.birth == .zero { self.birth = Timestamp(microseconds: now.wall.microseconds) }
    #endif
    self.cache.noteArrivals(through: self.arrival, at: now.monotonic)
    self.pruneCache(at: now)
  }
}
