package import EkkoCore
package import EkkoStorage

/// Drives one shard of this replica (Ekko §4): every atomic step of the protocol is one of its
/// synchronous methods, and each ends by publishing what the shard now is on the node's board.
package actor ShardActor {
  nonisolated package let id: ShardID
  nonisolated package let incarnation: IncarnationID
  /// The core loop it lives on.
  nonisolated let home: Home
  package internal(set) var shard: Shard
  /// The sequence of this shard's latest announcement.
  var announced: UInt64
  private let board: ShardVersionBoard
  private let place: ShardVersionBoard.Place
  package let clock: any RuntimeClock
  nonisolated let executor: ActorExecutor
  /// The mark each requester merged last.
  package internal(set) var marks: [IncarnationID: UInt64] = [:]
  private var upkeepCursor = ScanCursor()
  /// When the replacement under way last got anything.
  var replacementProgress = MonotonicTime.zero

  nonisolated package var unownedExecutor: UnownedSerialExecutor { unsafe self.executor.unowned }

  package init(
    _ shard: Shard, board: ShardVersionBoard, runtime: Runtime, home: Home,
    horizon: Duration = PropagationEstimate.usualHorizon
  ) {
    self.id = shard.id
    self.incarnation = shard.incarnation
    self.home = home
    self.shard = shard
    self.shard.assumePropagation(within: horizon)
    self.board = board
    self.clock = runtime.clock
    self.executor = runtime.executor(for: home)
    (self.place, self.announced) = board.register(shard)
  }

  /// Runs one step of the shard and announces what it has changed, all at once.
  func publishing<Result>(_ step: (inout Shard) -> Result) -> Result {
    let (result, announced) = Self.run(step, on: &self.shard, board: self.board, at: self.place)
    if let announced { self.announced = announced }
    return result
  }

  /// Of what an actor holds, only what is lent out as a whole is not copied.
  private static func run<Result>(
    _ step: (inout Shard) -> Result, on shard: inout Shard, board: ShardVersionBoard,
    at place: ShardVersionBoard.Place
  ) -> (Result, announced: UInt64?) {
    let (version, knowledge) = (shard.shardVersion, shard.knowledge)
    let (isTrusted, mustReplace) = (shard.isTrusted, shard.mustReplace)
    let result = step(&shard)
    guard
      shard.shardVersion != version || shard.knowledge != knowledge
        || shard.isTrusted != isTrusted || shard.mustReplace != mustReplace
    else { return (result, nil) }
    return (result, board.publish(shard, at: place))
  }

  // MARK: Clients

  /// What a primary answers to a write.
  package enum WriteReply: Hashable, Sendable {
    /// The versions issued bear `origin`.
    case outcome(WriteOutcome, origin: IncarnationID)
    case staleEpoch(current: ModelEpoch)
  }

  /// Writes to this shard alone, as if they were a request's.
  package func write(
    _ writes: [RowWrites], request: RequestID?, epoch: ModelEpoch, at now: Instant
  ) -> WriteReply {
    self.write(WriteBatch(writes)[0], request: request, epoch: epoch, at: now)
  }

  /// Applies the write at the primary, stamped with `now`, which a write ticket of the board gave.
  package func write(
    _ write: ShardWrite, request: RequestID?, isSentAgain: Bool = false, epoch: ModelEpoch,
    at now: Instant
  ) -> WriteReply {
    guard epoch == self.shard.epoch else { return .staleEpoch(current: self.shard.epoch) }
    let before = self.shard.clock.last
    let outcome = self.shard.write(write, request: request, isSentAgain: isSentAgain, at: now)
    let last = self.shard.clock.last
    if last > before {
      self.announced = self.board.publish(
        self.shard.shardVersion,
        knowing: ParameterVersion(timestamp: last, origin: self.incarnation), of: self.id,
        at: self.place)
    }
    return .outcome(outcome, origin: self.incarnation)
  }

  /// Puts rows to their places of `rows`, and says what whoever reads them has seen.
  package func read(
    _ read: ShardRead, missing: MissingRows, at now: Instant, into rows: inout [ShardRows]
  ) -> VersionVector {
    Self.read(read, of: &self.shard, missing: missing, at: now, into: &rows)
  }

  /// See `run`; the shard is not changed.
  private static func read(
    _ read: ShardRead, of shard: inout Shard, missing: MissingRows, at now: Instant,
    into rows: inout [ShardRows]
  ) -> VersionVector {
    shard.read(read, missing: missing, at: now, into: &rows)
  }

  /// The same where `rows` passes from one actor to the next: it is never copied.
  package func read(
    _ read: ShardRead, missing: MissingRows, at now: Instant, passing rows: consuming [ShardRows]
  ) -> (rows: [ShardRows], seen: VersionVector) {
    var rows = rows
    let seen = self.read(read, missing: missing, at: now, into: &rows)
    return (rows, seen)
  }

  /// The live rows of a `bytes` table, in no particular order.
  package func contents(of table: TableID) -> [(key: UInt64, value: [UInt8])] {
    let index = Int(table.rawValue)
    guard index < self.shard.tables.count else { return [] }
    let rows = self.shard.tables[index]
    let keys = (0..<rows.slotCount).filter { rows.sequence(at: $0) != 0 }.map { rows.key(at: $0) }
    let read = self.shard.read(keys, of: table, missing: .report, at: self.clock.now())
    return zip(keys, zip(read.timestamps, read.contents)).compactMap { key, row in
      row.0 == .zero ? nil : (key, row.1)
    }
  }

  /// Seals an origin that is retired; a replica that knows it otherwise distrusts its rows.
  ///
  /// - Parameter now: at the shard's primary, the stamp of rows beyond the seal, which a write ticket
  ///   of the board gave; see `Shard.reissueRows`.
  package func retire(_ origin: IncarnationID, seal: Timestamp, reissuingAt now: Instant?) {
    self.publishing { shard in
      if let now { shard.reissueRows(of: origin, beyond: seal, at: now) }
      _ = shard.applyRetirement(of: origin, seal: seal)
    }
  }

  /// See `Shard.isSealed`.
  package func isSealed(_ origin: IncarnationID, at seal: Timestamp) -> Bool {
    self.shard.isSealed(origin, at: seal)
  }

  /// See `Shard.reissueRows`; `now` is the stamp that a write ticket of the board gave.
  package func reissueRows(of origin: IncarnationID, beyond seal: Timestamp, at now: Instant) {
    self.publishing { $0.reissueRows(of: origin, beyond: seal, at: now) }
  }

  package func digest() -> UInt64 { self.shard.digest(at: self.clock.now()) }

  /// Knowledge, digest and size of this moment.
  package func summary(withDigest: Bool) -> ShardSummary {
    ShardSummary(
      id: self.id, knowledge: self.shard.knowledge, rowCount: self.shard.liveRowCount,
      digest: withDigest ? self.shard.digest(at: self.clock.now()) : nil,
      counters: self.shard.counters, cacheEntries: self.shard.cache.liveCount,
      propagation: self.shard.cache.propagation)
  }

  package func updateSchemas(_ schemas: [TableSchema]) { self.shard.updateSchemas(schemas) }

  // MARK: Upkeep

  /// Prunes the cache, lets go of answers nobody resumes, drops some expired rows, collects tombstones
  /// below `stable`, what all members know, if this node knows that, and forgets dead origins of which
  /// no row is left.
  ///
  /// - Parameter living: the present lives of all members.
  package func upkeep(stable: VersionVector?, living: Set<IncarnationID>) {
    let now = self.clock.now()
    self.shard.pruneCache(at: now)
    self.shard.dropExpiredWalks(at: now)
    let cursor = self.upkeepCursor
    let next = self.shard.expireRows(from: cursor, limit: Self.sweepLimit, at: now)
    _ = self.shard.collectTombstones(
      stable: stable ?? VersionVector(), from: cursor, limit: Self.sweepLimit)
    self.upkeepCursor = next ?? ScanCursor()
    self.publishing { $0.forgetRowsAhead(besides: living) }
  }

  /// See `Shard.settleLoaded`.
  package func settleLoaded(isClockRight: Bool, at now: Instant) {
    self.publishing { $0.settleLoaded(isClockRight: isClockRight, at: now) }
  }

  /// Slots one turn of upkeep may examine.
  private static let sweepLimit = 2048
}

/// What a shard reports of itself.
package struct ShardSummary: Hashable, Sendable {
  package var id: ShardID
  package var knowledge: VersionVector
  /// Without those that are deleted.
  package var rowCount: Int
  package var digest: UInt64?
  package var counters: ShardCounters
  package var cacheEntries: Int
  package var propagation: PropagationEstimate
}
