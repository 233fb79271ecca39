package import EkkoCore

/// Taking what a peer sent (Ekko §4.3): rows as they arrive, knowledge only at a section's end.
extension Shard {
  /// Why rows or a section's end were not taken.
  package enum Refusal: Error, Hashable, Sendable {
    case unknownTable(TableID)
    case differentRevision(table: TableID, ours: UInt32, theirs: UInt32)
    case wrongForm(table: TableID)
    case wrongRowLength(table: TableID, ours: Int, theirs: Int)
    /// A row that no replica could have written: see `RowLayout.isWellFormed`, or of time zero.
    case malformedRow(table: TableID, key: UInt64)
    /// A version lies further ahead of this node's wall than the bound: the whole reply is refused.
    case fromTheFuture(Timestamp)
    /// With its origins this shard would have seen more lives than its rows can tell apart.
    case tooManyOrigins
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
      if begin.mode == .replace, !reception.isBroken, !self.beginReplacement(of: reception) {
        reception.breakOff()
      }
      return .progressed
    case .rows(let rows):
      guard rows.shard == self.id, rows.nonce == reception.nonce, !reception.isBroken else {
        return .progressed
      }
      do throws(Refusal) {
        try self.apply(
          rows, mode: reception.mode, limit: self.latestAcceptable(at: now), in: bytes, at: now)
        reception.accepted(rows, body: bytes.extracting(rows.body))
        return .progressed
      } catch {
        #if PlantedBugs
          if PlantedBug.active == .refusedRowsMerged {
            reception.accepted(rows, body: bytes.extracting(rows.body))
            return .progressed
          }
        #endif
        reception.breakOff()
        self.counters.sectionsRefused += 1
        return .ended(.refused(error))
      }
    case .end(let end):
      guard end.shard == self.id, end.nonce == reception.nonce else { return .progressed }
      return .ended(
        self.merge(end, reception: reception, limit: self.latestAcceptable(at: now)))
    case .refused, .other:
      return .progressed
    }
  }

  // MARK: Rows

  /// Applies rows of one table: the later version wins, whatever arrives first. Atomic with respect
  /// to every other step of the shard; all or nothing with respect to refusals.
  ///
  /// - Parameter limit: the largest version time that is taken.
  mutating func apply(
    _ rows: RowsItem, mode: SectionMode?, limit: Timestamp, in bytes: Span<UInt8>,
    at now: Instant
  ) throws(Refusal) {
    let index = Int(rows.table.rawValue)
    let layout = try self.layout(of: rows, sentIn: self.formClass)
    try Self.checkRows(of: rows, laidOutAs: layout, in: bytes, limit: limit)
    guard self.origins.count + rows.origins.count <= OriginTable.limit else {
      throw .tooManyOrigins
    }
    let columns = RowColumns(of: rows, in: bytes)
    self.tables[index].makeExclusive()
    let origins = self.intern(rows.origins, mode: mode)
    let isReplacing = self.replacement?.nonce == rows.nonce
    let appliedBefore = self.counters.rowsApplied
    let isTrusted = !isReplacing || !self.mustReplace

    // The loop works on a handle of its own: going through the array of tables costs a copy a row.
    let memory = self.tables[index].memory
    var rowOffset = rows.rowsOffset
    let hashes = (0..<rows.count).map { memory.hash(of: columns.key($0)) }
    RowLookahead.run(in: memory, hashes.span) { ahead in
      StagedArrivals.withRoom { staged in
        for entry in 0..<rows.count {
          if entry % RowLookahead.blockLength == 0 { _ = ahead.advance(to: entry) }
          let key = columns.key(entry)
          let reference = columns.origin(entry)
          let rowEnd = rowOffset + (reference.isTombstone ? 0 : rows.rowByteCount)
          let slot = self.applyRow(
            key: key, known: memory.slot(of: key, near: ahead.slot(at: entry)),
            timestamp: columns.timestamp(entry), origin: origins[reference.index],
            isTombstone: reference.isTombstone, memory: memory, index: index,
            row: unsafe bytes.bytes.extracting(rowOffset..<rowEnd), isTrusted: isTrusted,
            staged: &staged)
          if isReplacing, let slot { self.noteVisited(table: index, slot: slot) }
          rowOffset = rowEnd
        }
        self.append(&staged)
      }
    }
    self.applySignificant(rows, columns: columns, table: index)
    if self.counters.rowsApplied > appliedBefore { self.noteAhead(rows, columns: columns) }
    self.finishArrivals(at: now)
  }

  /// Looks at every row before any is applied.
  static func checkRows(
    of rows: RowsItem, laidOutAs layout: RowLayout, in bytes: Span<UInt8>, limit: Timestamp
  ) throws(Refusal) {
    let columns = RowColumns(of: rows, in: bytes)
    var rowOffset = rows.rowsOffset
    for entry in 0..<rows.count {
      let timestamp = columns.timestamp(entry)
      if timestamp > limit { throw .fromTheFuture(timestamp) }
      var isWellFormed = timestamp > .zero
      if !columns.origin(entry).isTombstone {
        let row = unsafe bytes.bytes.extracting(rowOffset..<(rowOffset + rows.rowByteCount))
        isWellFormed = isWellFormed && layout.isWellFormed(row)
        rowOffset += rows.rowByteCount
      }
      guard isWellFormed else { throw .malformedRow(table: rows.table, key: columns.key(entry)) }
    }
    for significant in rows.significant where significant.version.timestamp > limit {
      throw .fromTheFuture(significant.version.timestamp)
    }
  }

  /// How the rows lie in `bytes`, if they are what a replica of `formClass` sends of our table.
  func layout(
    of rows: RowsItem, sentIn formClass: FormClass
  ) throws(Refusal) -> RowLayout {
    let index = Int(rows.table.rawValue)
    guard index < self.tables.count else { throw .unknownTable(rows.table) }
    let revision = self.tables[index].schema.revision
    guard revision == rows.revision else {
      throw .differentRevision(table: rows.table, ours: revision, theirs: rows.revision)
    }
    let layout =
      formClass == self.formClass
      ? self.tables[index].layout : formClass.layout(of: self.tables[index].schema)
    guard rows.form == layout.form else { throw .wrongForm(table: rows.table) }
    guard rows.rowByteCount == layout.byteCount else {
      throw .wrongRowLength(
        table: rows.table, ours: layout.byteCount, theirs: rows.rowByteCount)
    }
    return layout
  }

  /// The largest version time this node takes at `now`.
  func latestAcceptable(at now: Instant) -> Timestamp {
    #if PlantedBugs
      if PlantedBug.active == .futureAccepted { return Timestamp(rawValue: .max - 1) }
    #endif
    let bound = UInt64(max(0, self.futureBound.wholeNanoseconds / 1000))
    return Timestamp(microseconds: min(now.wall.microseconds + bound, 1 << 52 - 1), counter: 0xFFF)
  }

  /// An origin of an item's rows.
  private struct ArrivingOrigin {
    /// As this shard numbers it.
    let index: UInt32
    /// An absent row up to this time was here once, and was superseded and collected since: it must
    /// not come back with a late piece. Zero in a replace, which restores what is not here.
    let collectedThrough: Timestamp
    /// It is retired, and this is no replace: what is to be had of it is here, or will be replaced.
    let isIgnored: Bool
  }

  private mutating func intern(
    _ origins: [IncarnationID], mode: SectionMode?
  ) -> [ArrivingOrigin] {
    origins.map { origin in
      ArrivingOrigin(
        index: self.origins.intern(origin),
        collectedThrough: mode == .replace ? .zero : self.knowledge[origin],
        isIgnored: mode != .replace && self.origins.retired.contains(origin))
    }
  }

  /// - Returns: the row's slot; `nil` if the row is not wanted back.
  @inline(__always)
  private mutating func applyRow(
    key: UInt64, known: Int?, timestamp: Timestamp, origin: ArrivingOrigin, isTombstone: Bool,
    memory: RowMemory, index: Int, row: RawSpan, isTrusted: Bool,
    staged: inout StagedArrivals
  ) -> Int? {
    let slot: Int
    var replaced: UInt64 = 0
    if let known {
      let stamp = memory.stamp(at: known)
      guard !origin.isIgnored,
        self.supersedes(timestamp, origin.index, stamp, isTrusted: isTrusted)
      else {
        self.counters.rowsSuperseded += 1
        return known
      }
      slot = known
      replaced = stamp.sequence
    } else {
      guard !origin.isIgnored, timestamp > origin.collectedThrough else {
        self.counters.rowsSuperseded += 1
        return nil
      }
      slot = self.tables[index].insert(key)
    }
    #if PlantedBugs
      if PlantedBug.active == .rowTorn, replaced != 0 {
        if !isTombstone { memory.setFirstHalf(row, at: slot) }
      } else if !isTombstone {
        memory.setBytes(row, at: slot)
      }
    #else
      if !isTombstone { memory.setBytes(row, at: slot) }
    #endif
    self.stampArrival(
      in: memory, index: index, slot: slot, timestamp: timestamp, origin: origin.index,
      isTombstone: isTombstone, replaced: replaced, staged: &staged)
    self.counters.rowsApplied += 1
    return slot
  }

  @inline(__always)
  private func supersedes(
    _ timestamp: Timestamp, _ origin: UInt32, _ stored: RowTable.Stamp, isTrusted: Bool
  ) -> Bool {
    #if PlantedBugs
      if PlantedBug.active == .lastArrivalWins { return true }
    #endif
    if !isTrusted, self.origins.isRetired(stored.origin) {
      // Beyond the seal nobody else has it: whatever the others have instead counts.
      return timestamp != stored.timestamp || origin != stored.origin
    }
    if timestamp != stored.timestamp { return timestamp > stored.timestamp }
    return self.origins[origin] > self.origins[stored.origin]
  }

  /// Keeps the larger significant version of each row (Ekko §5.2.2): it is never lowered.
  private mutating func applySignificant(
    _ rows: RowsItem, columns: RowColumns, table: Int
  ) {
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
  /// they get a shard version of their own, even below a time that was noted before.
  private mutating func noteAhead(_ rows: RowsItem, columns: RowColumns) {
    var latest = [Timestamp](repeating: .zero, count: rows.origins.count)
    for entry in 0..<rows.count {
      let origin = columns.origin(entry).index
      latest[origin] = max(latest[origin], columns.timestamp(entry))
    }
    var isAhead = false
    for (origin, timestamp) in zip(rows.origins, latest)
    where timestamp > self.knowledge[origin] && !self.origins.retired.contains(origin) {
      #if PlantedBugs
        if PlantedBug.active == .knowledgeWithRows {
          self.knowledge.observe(ParameterVersion(timestamp: timestamp, origin: origin))
        }
      #endif
      self.ahead.observe(ParameterVersion(timestamp: timestamp, origin: origin))
      isAhead = true
    }
    if isAhead { self.issueShardVersion() }
  }
}
