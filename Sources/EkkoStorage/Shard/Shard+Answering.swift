package import EkkoCore

/// Answering synchronisation requests (Ekko §4.3, §4.4.1).
extension Shard {
  package enum WalkOpening: Hashable, Sendable {
    case opened(walk: UInt64)
    /// The cache cannot answer, and a scan was not allowed: nothing was written.
    case needsScan
    case refused(SectionRefusal.Reason)
  }

  package enum WalkProgress: Hashable, Sendable { case more, finished }

  /// At most this many answers are given from one shard at a time.
  private static let openWalkLimit = 64
  /// Entries one turn may examine, so that a turn stays far under a millisecond.
  private static let examinedPerTurn = 4096

  /// The snapshot: freezes all that the answer will claim and decides between cache and scan, in
  /// one step. The section's first item is written to `writer`.
  ///
  /// - Parameters:
  ///   - announced: the sequence of this replica's announcements at this moment.
  ///   - usesCache: whether the update cache may answer; without it every answer is a scan.
  package mutating func openWalk(
    for request: SectionRequest, announced: UInt64, allowScan: Bool = true,
    usesCache: Bool = true, into writer: inout ByteWriter
  ) -> WalkOpening {
    guard request.epoch == self.epoch else { return .refused(.differentEpoch) }
    guard request.formClass <= self.formClass else { return .refused(.lesserForm) }
    guard self.isTrusted else { return .refused(.busy) }
    if let token = request.resume {
      if let walk = self.resumeWalk(token, request: request) {
        self.counters.scansResumed += 1
        self.beginItem(of: walk, into: &writer)
        return .opened(walk: walk.id)
      }
      self.counters.resumesRefused += 1
    }
    guard self.walks.count < Self.openWalkLimit else { return .refused(.busy) }

    // An asker below the forgotten times may hold rows whose tombstones are gone: it gets all rows.
    let isReplace = request.replace || !request.knowledge.dominates(self.forgotten)
    let bounds = isReplace ? [] : self.origins.bounds(of: request.knowledge)
    let isHit = usesCache && !isReplace && self.cache.isHit(bounds: bounds)
    guard isHit || allowScan else { return .needsScan }
    self.noteSelection(isHit: isHit, request: request)
    #if PlantedBugs
      let mark = PlantedBug.active == .markIgnored ? 0 : request.mark
    #else
      let mark = request.mark
    #endif
    let walk = Walk(
      id: self.nextWalkID, nonce: request.nonce, asked: request.knowledge,
      mode: isReplace ? .replace : .difference, formClass: request.formClass,
      position: isHit ? .cache(after: mark) : .scan(ScanCursor()),
      knowledge: self.knowledge, ahead: self.ahead,
      aheadDigest: request.knowledge == self.knowledge ? self.digestOfRowsAhead() : 0,
      significantKnowledge: self.significantKnowledge,
      shardVersion: self.shardVersion, forgotten: self.forgotten, mark: self.arrival,
      announced: announced, slotLimits: self.tables.map(\.slotCount), bounds: bounds,
      rowByteCounts: self.wireByteCounts(formClass: request.formClass))
    self.nextWalkID += 1
    self.walks.append(walk)
    self.beginItem(of: walk, into: &writer)
    return .opened(walk: walk.id)
  }

  private mutating func noteSelection(isHit: Bool, request: SectionRequest) {
    if isHit {
      if request.mark > 0 { self.counters.cacheWalksFromMark += 1 }
      self.cache.propagation.noteHit()
    } else if request.knowledge.isEmpty || request.replace {
      self.cache.propagation.noteFirstScan()
    } else {
      self.cache.propagation.noteMiss()
    }
  }

  private func beginItem(of walk: Walk, into writer: inout ByteWriter) {
    var scan: UInt64 = 0
    if case .scan = walk.position { scan = walk.id }
    SectionBegin(
      shard: self.id, nonce: walk.nonce, responder: self.incarnation, epoch: self.epoch,
      mode: walk.mode, scan: scan
    ).encode(into: &writer)
  }

  /// Takes a scan up again where the requester last accepted it, if it is still open.
  private mutating func resumeWalk(_ token: ResumeToken, request: SectionRequest) -> Walk? {
    guard token.responder == self.incarnation,
      let index = self.walks.firstIndex(where: { $0.id == token.scan }),
      self.walks[index].asked == request.knowledge,
      self.walks[index].formClass == request.formClass,
      case .scan = self.walks[index].position
    else { return nil }
    self.walks[index].nonce = request.nonce
    #if PlantedBugs
      if PlantedBug.active != .scanResumedWhereSent {
        self.walks[index].position = .scan(token.cursor)
      }
    #else
      self.walks[index].position = .scan(token.cursor)
    #endif
    self.walks[index].entryCount = token.entryCount
    self.walks[index].checksum = CRC32C(resuming: token.checksum)
    self.walks[index].expiry = nil
    return self.walks[index]
  }

  /// Writes the next items of an answer, at most about `byteLimit` bytes (a single row that is
  /// larger goes alone). The last item is the section's end, after which the walk is gone.
  package mutating func continueWalk(
    _ id: UInt64, byteLimit: Int, into writer: inout ByteWriter
  ) -> WalkProgress {
    guard let index = self.walks.firstIndex(where: { $0.id == id }) else { return .finished }
    var walk = self.walks[index]
    self.walks[index].rewritten = []
    var selection = Selection(tableCount: self.tables.count, byteLimit: byteLimit)
    #if PlantedBugs
      let isAtEnd =
        self.advance(&walk, selecting: &selection) || PlantedBug.active == .replyCapped
    #else
      let isAtEnd = self.advance(&walk, selecting: &selection)
    #endif
    self.encode(selection, of: &walk, into: &writer)
    guard isAtEnd else {
      self.walks[index] = walk
      return .more
    }
    SectionEnd(walk: walk, of: self).encode(into: &writer)
    self.walks.remove(at: index)
    self.releaseDeferredFrees()
    return .finished
  }

  /// Goes through what is left of an answer in turns as `continueWalk` does and ends it, but writes none of
  /// the rows: to measure what selecting them costs (DESIGN §13).
  ///
  /// - Returns: how many rows were selected.
  package mutating func passThroughWalk(_ id: UInt64, byteLimit: Int) -> Int {
    guard let index = self.walks.firstIndex(where: { $0.id == id }) else { return 0 }
    var walk = self.walks[index]
    var count = 0
    var isAtEnd = false
    while !isAtEnd {
      var selection = Selection(tableCount: self.tables.count, byteLimit: byteLimit)
      isAtEnd = self.advance(&walk, selecting: &selection)
      count += selection.slots.reduce(0) { $0 + $1.count }
    }
    self.walks.remove(at: index)
    self.releaseDeferredFrees()
    return count
  }

  /// Ends a walk whose reader has gone; a scan may be kept for a while so that it can be resumed.
  package mutating func abandonWalk(_ id: UInt64, keepUntil expiry: MonotonicTime?) {
    guard let index = self.walks.firstIndex(where: { $0.id == id }) else { return }
    if let expiry, case .scan = self.walks[index].position {
      self.walks[index].expiry = expiry
    } else {
      self.walks.remove(at: index)
      self.releaseDeferredFrees()
    }
  }

  /// Ends the answers that would leave their askers with rows whose tombstones went while the answers
  /// were given, as if the askers had got them: they ask again and get all rows.
  mutating func dropWalksBelowForgotten() {
    let forgotten = self.forgotten
    let count = self.walks.count
    self.walks.removeAll { $0.mode == .difference && !$0.asked.dominates(forgotten) }
    if self.walks.count < count { self.releaseDeferredFrees() }
  }

  package mutating func dropExpiredWalks(at now: Instant) {
    self.walks.removeAll { $0.expiry.map { $0 <= now.monotonic } ?? false }
    self.releaseDeferredFrees()
  }

  mutating func releaseDeferredFrees() {
    guard self.walks.isEmpty, !self.deferredFrees.isEmpty else { return }
    for reference in self.deferredFrees {
      self.tables[Int(reference.table)].recycle(Int(reference.slot))
    }
    self.deferredFrees.removeAll()
    self.releaseEmptied()
  }

  // MARK: Selection

  /// The rows one turn sends, by table, with a running estimate of their bytes.
  struct Selection {
    var slots: [[UInt32]]
    var remainingBytes: Int
    var examined = 0
    var isEmpty = true

    init(tableCount: Int, byteLimit: Int) {
      self.slots = Array(repeating: [], count: tableCount)
      self.remainingBytes = byteLimit
    }
  }

  /// Whether the turn may still select a row of `table`; the first row always fits.
  private static func hasRoom(_ selection: Selection, table: Int, of walk: Walk) -> Bool {
    selection.isEmpty || selection.remainingBytes >= walk.rowByteCounts[table]
  }

  /// Moves the walk on and selects the rows its asker does not know. True at the section's end.
  private mutating func advance(_ walk: inout Walk, selecting selection: inout Selection) -> Bool {
    if case .cache(let cursor) = walk.position {
      guard self.advanceThroughCache(&walk, from: cursor, selecting: &selection) else {
        return false
      }
      #if PlantedBugs
        if PlantedBug.active == .hitNotRetested { return true }
      #endif
      // What was pruned while the walk was under way is known to the asker only if the hit test
      // still holds; otherwise the answer goes on as a scan.
      if self.cache.isHit(bounds: walk.bounds) { return true }
      self.counters.cacheWalksTurnedScans += 1
      walk.position = .scan(ScanCursor())
    }
    return self.advanceScan(&walk, selecting: &selection)
  }

  private mutating func advanceThroughCache(
    _ walk: inout Walk, from cursor: UInt64, selecting selection: inout Selection
  ) -> Bool {
    #if PlantedBugs
      if PlantedBug.active == .cacheWalkNewestFirst {
        return self.advanceNewestFirst(&walk, selecting: &selection)
      }
    #endif
    var rows = RowCursor(self.tables)
    var reached = cursor
    var isCut = false
    self.cache.forEach(after: cursor) { sequence, entry in
      guard sequence <= walk.mark else { return false }
      guard selection.examined < Self.examinedPerTurn,
        Self.hasRoom(selection, table: Int(entry.table), of: walk)
      else {
        isCut = true
        return false
      }
      selection.examined += 1
      if !walk.isKnown(entry.timestamp, origin: entry.origin) {
        // Nothing of the row is needed before it is written to the answer.
        rows.prefetch(table: Int(entry.table), slot: Int(entry.slot))
        Self.select(table: Int(entry.table), slot: entry.slot, of: walk, in: &selection)
      }
      reached = sequence
      return true
    }
    defer { self.counters.rowsVisited += UInt64(selection.examined) }
    if isCut {
      walk.position = .cache(after: reached)
      return false
    }
    walk.position = .cache(after: walk.mark)
    while let reference = walk.rewritten.last {
      guard selection.examined < Self.examinedPerTurn,
        Self.hasRoom(selection, table: Int(reference.table), of: walk)
      else { return false }
      walk.rewritten.removeLast()
      selection.examined += 1
      self.counters.rewrittenRowsVisited += 1
      let stamp = self.tables[Int(reference.table)].stamp(at: Int(reference.slot))
      if stamp.sequence != 0, !walk.isKnown(stamp) {
        Self.select(table: Int(reference.table), slot: reference.slot, of: walk, in: &selection)
      }
    }
    return true
  }

  private mutating func advanceScan(
    _ walk: inout Walk, selecting selection: inout Selection
  ) -> Bool {
    guard case .scan(var cursor) = walk.position else { return true }
    defer { walk.position = .scan(cursor) }
    var rows = RowCursor(self.tables)
    defer { self.counters.rowsVisited += UInt64(selection.examined) }
    while Int(cursor.table) < walk.slotLimits.count {
      let table = Int(cursor.table)
      while Int(cursor.slot) < walk.slotLimits[table] {
        guard selection.examined < Self.examinedPerTurn,
          Self.hasRoom(selection, table: table, of: walk)
        else { return false }
        selection.examined += 1
        let stamp = rows.stamp(table: table, slot: Int(cursor.slot))
        if stamp.sequence != 0, !walk.isKnown(stamp) {
          Self.select(table: table, slot: cursor.slot, of: walk, in: &selection)
        }
        cursor.slot += 1
      }
      cursor = ScanCursor(table: cursor.table + 1, slot: 0)
    }
    return true
  }

  @inline(__always)
  private static func select(
    table: Int, slot: UInt32, of walk: Walk, in selection: inout Selection
  ) {
    selection.slots[table].append(slot)
    selection.remainingBytes -= walk.rowByteCounts[table]
    selection.isEmpty = false
  }
}
