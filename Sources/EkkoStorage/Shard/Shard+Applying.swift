package import EkkoCore

/// Taking what a peer sent (Ekko §4.3): rows as they arrive, knowledge only at a section's end.
extension Shard {
  /// Why rows or a section's end were not taken.
  package enum Refusal: Error, Hashable, Sendable {
    case unknownTable(TableID)
    case differentRevision(table: TableID, ours: UInt32, theirs: UInt32)
    case wrongForm(table: TableID)
    case wrongRowLength(table: TableID, ours: Int, theirs: Int)
    /// A row that this program would never write; see `RowLayout.isWellFormed`.
    case malformedRow(table: TableID, key: UInt64)
    /// A version lies further ahead of this node's wall than the bound: the whole reply is refused.
    case fromTheFuture(Timestamp)
    /// A peer knows more of this incarnation's writes than it made: its identity was cloned.
    case identityConflict
  }

  package enum Merge: Hashable, Sendable {
    /// The knowledge was merged; `changed` tells whether it added anything.
    case merged(changed: Bool)
    /// Incomplete, from another epoch, or no longer applicable: nothing was merged.
    case dropped
    case refused(Refusal)
  }

  /// What one received item did.
  package enum Step: Hashable, Sendable {
    case progressed
    case ended(Merge)
  }

  /// Takes one item of the section that `reception` follows. `bytes` is the buffer the item was
  /// decoded from. Items of other sections are ignored.
  package mutating func receive(
    _ item: SectionItem, in bytes: Span<UInt8>, reception: inout SectionReception, at now: Instant
  ) -> Step {
    switch item {
    case .begin(let begin):
      guard begin.shard == self.id, reception.receive(begin) else { return .progressed }
      if begin.epoch != self.epoch { reception.breakOff() }
      if begin.mode == .replace { self.beginReplacement(nonce: begin.nonce) }
      return .progressed
    case .rows(let rows):
      guard rows.shard == self.id, rows.nonce == reception.nonce, !reception.isBroken else {
        return .progressed
      }
      do throws(Refusal) {
        try self.apply(rows, in: bytes, at: now)
        reception.accepted(rows, body: bytes.extracting(rows.body))
        return .progressed
      } catch {
        reception.breakOff()
        self.counters.sectionsRefused += 1
        return .ended(.refused(error))
      }
    case .end(let end):
      guard end.shard == self.id, end.nonce == reception.nonce else { return .progressed }
      return .ended(self.merge(end, reception: reception, at: now))
    case .refused, .other:
      return .progressed
    }
  }

  // MARK: Rows

  /// Applies rows of one table: the later version wins, whatever arrives first. Atomic with respect
  /// to every other step of the shard; all or nothing with respect to refusals.
  private mutating func apply(
    _ rows: RowsItem, in bytes: Span<UInt8>, at now: Instant
  ) throws(Refusal) {
    let index = Int(rows.table.rawValue)
    try self.checkHeader(of: rows)
    let columns = RowColumns(of: rows, in: bytes)
    let limit = self.latestAcceptable(at: now)
    for entry in 0..<rows.count where columns.timestamp(entry) > limit {
      throw .fromTheFuture(columns.timestamp(entry))
    }
    try self.checkRows(of: rows, columns: columns, in: bytes)
    self.tables[index].reserve(rows.count)
    let origins = rows.origins.map { self.origins.intern($0) }

    var rowOffset = rows.rowsOffset
    var entry = 0
    while entry < rows.count {
      // Phases of 64 keys: ask for all index entries before the first is needed.
      let phaseEnd = min(entry + 64, rows.count)
      for ahead in entry..<phaseEnd { self.tables[index].prefetchIndex(columns.key(ahead)) }
      while entry < phaseEnd {
        let reference = columns.origin(entry)
        self.applyRow(
          key: columns.key(entry), timestamp: columns.timestamp(entry),
          origin: origins[reference.index], isTombstone: reference.isTombstone, table: index,
          bytes: bytes, rowOffset: rowOffset, at: now)
        if !reference.isTombstone { rowOffset += rows.rowByteCount }
        entry += 1
      }
    }
    self.applySignificant(rows, columns: columns, table: index)
    self.noteAhead(rows, columns: columns)
    self.finishArrivals(at: now)
  }

  private func checkHeader(of rows: RowsItem) throws(Refusal) {
    let index = Int(rows.table.rawValue)
    guard index < self.tables.count else { throw .unknownTable(rows.table) }
    let table = self.tables[index]
    guard table.schema.revision == rows.revision else {
      throw .differentRevision(
        table: rows.table, ours: table.schema.revision, theirs: rows.revision)
    }
    guard rows.form == table.layout.form else { throw .wrongForm(table: rows.table) }
    guard rows.rowByteCount == table.layout.byteCount else {
      throw .wrongRowLength(
        table: rows.table, ours: table.layout.byteCount, theirs: rows.rowByteCount)
    }
  }

  private func checkRows(
    of rows: RowsItem, columns: borrowing RowColumns, in bytes: Span<UInt8>
  ) throws(Refusal) {
    let layout = self.tables[Int(rows.table.rawValue)].layout
    var offset = rows.rowsOffset
    for entry in 0..<rows.count where !columns.origin(entry).isTombstone {
      let row = unsafe bytes.bytes.extracting(offset..<(offset + rows.rowByteCount))
      guard layout.isWellFormed(row) else {
        throw .malformedRow(table: rows.table, key: columns.key(entry))
      }
      offset += rows.rowByteCount
    }
  }

  /// The largest version time this node takes at `now`.
  func latestAcceptable(at now: Instant) -> Timestamp {
    let bound = UInt64(max(0, self.futureBound.wholeNanoseconds / 1000))
    return Timestamp(microseconds: min(now.wall.microseconds + bound, 1 << 52 - 1), counter: 0xFFF)
  }

  @inline(__always)
  private mutating func applyRow(
    key: UInt64, timestamp: Timestamp, origin: UInt32, isTombstone: Bool, table: Int,
    bytes: Span<UInt8>, rowOffset: Int, at now: Instant
  ) {
    let slot: Int
    var replaced: UInt64 = 0
    if let known = self.tables[table].slot(of: key) {
      self.noteVisited(table: table, slot: known)
      let stamp = self.tables[table].stamp(at: known)
      guard self.supersedes(timestamp, origin, stamp) else {
        self.counters.rowsSuperseded += 1
        return
      }
      slot = known
      replaced = stamp.sequence
    } else {
      slot = self.tables[table].insert(key)
    }
    if !isTombstone {
      let byteCount = self.tables[table].layout.byteCount
      self.tables[table].setBytes(
        unsafe bytes.bytes.extracting(rowOffset..<(rowOffset + byteCount)), at: slot)
    }
    self.stampArrival(
      table: table, slot: slot, timestamp: timestamp, origin: origin, isTombstone: isTombstone,
      replaced: replaced)
    self.counters.rowsApplied += 1
  }

  @inline(__always)
  private func supersedes(
    _ timestamp: Timestamp, _ origin: UInt32, _ stored: RowTable.Stamp
  ) -> Bool {
    if timestamp != stored.timestamp { return timestamp > stored.timestamp }
    return self.origins[origin] > self.origins[stored.origin]
  }

  /// Keeps the larger significant version of each row (Ekko §5.2.2): it is never lowered.
  private mutating func applySignificant(_ rows: RowsItem, columns: RowColumns, table: Int) {
    for significant in rows.significant {
      guard let slot = self.tables[table].slot(of: columns.key(Int(significant.entry))) else {
        continue
      }
      let known = self.tables[table].significantVersions[UInt32(slot)]
      if known.map({ $0 < significant.version }) ?? true {
        self.tables[table].significantVersions[UInt32(slot)] = significant.version
      }
    }
  }

  /// Notes rows that came before their section's end. They change what this replica could give, so
  /// they get a shard version of their own.
  private mutating func noteAhead(_ rows: RowsItem, columns: RowColumns) {
    var latest = [Timestamp](repeating: .zero, count: rows.origins.count)
    for entry in 0..<rows.count {
      let origin = columns.origin(entry).index
      latest[origin] = max(latest[origin], columns.timestamp(entry))
    }
    let before = self.ahead
    for (origin, timestamp) in zip(rows.origins, latest)
    where timestamp > self.knowledge[origin] && !self.origins.retired.contains(origin) {
      self.ahead.observe(ParameterVersion(timestamp: timestamp, origin: origin))
    }
    if self.ahead != before { self.issueShardVersion() }
  }

  // MARK: Knowledge

  /// Merges a section's knowledge and shard version in one step (Ekko §4.4.2), or nothing.
  private mutating func merge(
    _ end: SectionEnd, reception: SectionReception, at now: Instant
  ) -> Merge {
    guard reception.isComplete(end), end.epoch == self.epoch,
      self.knowledge.dominates(reception.asked)
    else {
      self.counters.sectionsDropped += 1
      return .dropped
    }
    let limit = self.latestAcceptable(at: now)
    for vector in [end.knowledge, end.ahead, end.significantKnowledge, end.forgotten] {
      if let ahead = vector.entries.first(where: { $0.timestamp > limit }) {
        self.counters.sectionsRefused += 1
        return .refused(.fromTheFuture(ahead.timestamp))
      }
    }
    guard end.knowledge[self.incarnation] <= self.knowledge[self.incarnation] else {
      self.counters.sectionsRefused += 1
      return .refused(.identityConflict)
    }
    if end.mode == .replace {
      guard self.finishReplacement(end, at: now) else {
        self.counters.sectionsDropped += 1
        return .dropped
      }
    }
    let before = self.knowledge
    let aheadBefore = self.ahead
    self.knowledge.merge(self.withoutRetired(end.knowledge))
    self.ahead.merge(self.withoutRetired(end.ahead))
    self.ahead = self.ahead.subtracting(self.knowledge)
    self.significantKnowledge.merge(self.withoutRetired(end.significantKnowledge))
    self.adoptShardVersion(of: end, knowledgeBefore: before, aheadBefore: aheadBefore)
    self.counters.sectionsMerged += 1
    return .merged(changed: self.knowledge != before)
  }

  /// Equal knowledge takes the peer's version (or, equal before, the larger of both); knowledge that
  /// grew beyond the peer's gets a version of our own.
  private mutating func adoptShardVersion(
    of end: SectionEnd, knowledgeBefore: VersionVector, aheadBefore: VersionVector
  ) {
    let hasChanged = self.knowledge != knowledgeBefore || self.ahead != aheadBefore
    if self.knowledge == end.knowledge, self.ahead == end.ahead {
      self.shardVersion =
        hasChanged
        ? end.shardVersion
        : ShardVersion.numericallyLarger(self.shardVersion, end.shardVersion)
    } else if hasChanged {
      self.issueShardVersion()
    }
  }
}

/// The fixed columns of a rows item, read in place. The item's decoder has checked their places.
struct RowColumns: ~Escapable {
  private let bytes: RawSpan
  private let keys: Int
  private let timestamps: Int
  private let origins: Int

  @_lifetime(copy bytes)
  init(of rows: RowsItem, in bytes: Span<UInt8>) {
    unsafe self.bytes = bytes.bytes
    self.keys = rows.keysOffset
    self.timestamps = rows.timestampsOffset
    self.origins = rows.originIndicesOffset
  }

  @inline(__always)
  func key(_ entry: Int) -> UInt64 {
    // The loads check their bounds; every bit pattern is an integer.
    unsafe UInt64(
      littleEndian: self.bytes.unsafeLoadUnaligned(
        fromByteOffset: self.keys + entry * 8, as: UInt64.self))
  }

  @inline(__always)
  func timestamp(_ entry: Int) -> Timestamp {
    unsafe Timestamp(
      rawValue: UInt64(
        littleEndian: self.bytes.unsafeLoadUnaligned(
          fromByteOffset: self.timestamps + entry * 8, as: UInt64.self)))
  }

  @inline(__always)
  func origin(_ entry: Int) -> (index: Int, isTombstone: Bool) {
    let raw = unsafe UInt16(
      littleEndian: self.bytes.unsafeLoadUnaligned(
        fromByteOffset: self.origins + entry * 2, as: UInt16.self))
    return (Int(raw & ~RowsItem.tombstoneBit), raw & RowsItem.tombstoneBit != 0)
  }
}
