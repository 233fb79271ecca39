package import EkkoCore

/// Recovering updates that survive only in a lesser form (DESIGN §4): whoever wrote them is dead, and
/// no replica that holds full rows has them. Only the shard's primary does this.
///
/// Each entry newer than the row here becomes a new write of this life, with the weights as they
/// came and initialised slots; knowledge of the dead origins is merged at the section's end, as in
/// every pull complete or not at all. A row that was issued anew is a write like any other, so those
/// of a section that broke off stay, and when it is asked for again they are no newer than ours.
extension Shard {
  /// Takes one item of the section that `reception` follows, asked for in the lesser `formClass`.
  ///
  /// - Parameter living: the present lives of all members. What one of them wrote comes in full from
  ///   its writer; a section that has newer rows of one is dropped at its end, to be asked for again.
  package mutating func recover(
    _ item: SectionItem, in bytes: Span<UInt8>, of formClass: FormClass,
    besides living: Set<IncarnationID>, reception: inout SectionReception, at now: Instant
  ) -> Step {
    switch item {
    case .begin:
      // A replica that replaces its rows takes them from its peers first.
      if self.mustReplace { reception.breakOff() }
      guard !reception.isBroken else { return .progressed }
      return self.receive(item, in: bytes, reception: &reception, at: now)
    case .rows(let rows):
      guard rows.shard == self.id, rows.nonce == reception.nonce, !reception.isBroken else {
        return .progressed
      }
      do throws(Refusal) {
        let isWhole = try self.reissue(
          rows, of: formClass, besides: living, in: bytes, at: now)
        reception.accepted(rows, body: bytes.extracting(rows.body))
        if !isWhole { reception.breakOff() }
        return .progressed
      } catch {
        reception.breakOff()
        self.counters.sectionsRefused += 1
        return .ended(.refused(error))
      }
    case .end(let end):
      guard end.shard == self.id, end.nonce == reception.nonce else { return .progressed }
      return .ended(self.mergeRecovered(end, besides: living, reception: reception, at: now))
    case .refused, .other:
      return .progressed
    }
  }

  /// What becomes of an entry.
  private enum Verdict {
    /// The row here is as new, or there was one and it is gone for good.
    case known
    case lost
    /// Newer than the row here, but to be had from its writer.
    case living
  }

  private func verdict(
    on version: ParameterVersion, table: Int, stored: RowTable.Stamp?,
    besides living: Set<IncarnationID>, at now: Instant
  ) -> Verdict {
    let known =
      stored.map { self.version(of: $0) }
      ?? ParameterVersion(timestamp: self.knowledge[version.origin], origin: version.origin)
    guard version > known, !self.origins.retired.contains(version.origin),
      !self.isExpired(version.timestamp, table: table, at: now)
    else { return .known }
    let isLiving = version.origin == self.incarnation || living.contains(version.origin)
    return isLiving ? .living : .lost
  }

  /// Issues the lost ones among `rows` anew, in one step.
  ///
  /// - Returns: whether nothing else was missing here, and this replica may write.
  private mutating func reissue(
    _ rows: RowsItem, of formClass: FormClass, besides living: Set<IncarnationID>,
    in bytes: Span<UInt8>, at now: Instant
  ) throws(Refusal) -> Bool {
    let index = Int(rows.table.rawValue)
    let source = try self.layout(of: rows, sentIn: formClass)
    try Self.checkRows(
      of: rows, laidOutAs: source, in: bytes, limit: self.latestAcceptable(at: now))
    guard self.formClass == .full, self.mayIssue else { return false }
    let columns = RowColumns(of: rows, in: bytes)
    let isReplacing = self.replacement?.nonce == rows.nonce
    let own = self.origins.intern(self.incarnation)
    self.tables[index].reserve(rows.count)
    // The loop works on a handle of its own, as that of a write does.
    var table = self.tables[index]
    let (layout, optimiser) = (table.layout, table.schema.optimiser)
    var scratch = [Float](
      repeating: 0, count: layout.valueType.isNumeric ? layout.rowLength : 0)
    var isWhole = true
    let before = self.counters.rowsRecovered
    var rowOffset = rows.rowsOffset
    for entry in 0..<rows.count {
      let (origin, isTombstone) = columns.origin(entry)
      let version = ParameterVersion(
        timestamp: columns.timestamp(entry), origin: rows.origins[origin])
      let rowEnd = rowOffset + (isTombstone ? 0 : rows.rowByteCount)
      defer { rowOffset = rowEnd }
      var slot = table.slot(of: columns.key(entry))
      let stamp = slot.map { table.stamp(at: $0) }
      switch self.verdict(on: version, table: index, stored: stamp, besides: living, at: now) {
      case .known: break
      case .living: isWhole = false
      case .lost:
        let target = slot ?? table.insert(columns.key(entry))
        slot = target
        if !isTombstone {
          var row = table.mutableBytes(at: target)
          var room = scratch.mutableSpan
          layout.recover(
            &row, from: unsafe bytes.bytes.extracting(rowOffset..<rowEnd), layout: source,
            optimiser: optimiser, scratch: &room)
        }
        self.stampArrival(
          in: table.memory, index: index, slot: target,
          timestamp: self.clock.next(
            wall: now.wall, replacing: max(version.timestamp, stamp?.timestamp ?? .zero)),
          origin: own, isTombstone: isTombstone, replaced: stamp?.sequence ?? 0)
        self.counters.rowsRecovered += 1
      }
      if isReplacing, let slot { self.noteVisited(table: index, slot: slot) }
    }
    self.tables[index] = table
    if self.counters.rowsRecovered > before {
      self.knowReissued()
      self.finishArrivals(at: now)
    }
    return isWhole
  }

  /// Merges what the section's end says of the dead. Of a section of all rows, what it does not
  /// contain is removed first: it was deleted, and the tombstones are gone.
  private mutating func mergeRecovered(
    _ received: SectionEnd, besides living: Set<IncarnationID>, reception: SectionReception,
    at now: Instant
  ) -> Merge {
    guard !self.mustReplace, reception.isComplete(received), received.epoch == self.epoch,
      self.knowledge.dominates(reception.asked)
    else {
      self.counters.sectionsDropped += 1
      return .dropped
    }
    if let refusal = self.refusal(of: received, at: now) {
      self.counters.sectionsRefused += 1
      return .refused(refusal)
    }
    var end = self.withoutRetired(received)
    let (knowledge, forgotten) = (self.knowledge, self.forgotten)
    if end.mode == .replace {
      guard self.finishReplacement(end) else {
        self.counters.sectionsDropped += 1
        return .dropped
      }
    }
    for origin in living {
      end.knowledge.remove(origin)
      end.significantKnowledge.remove(origin)
    }
    self.knowledge.merge(end.knowledge)
    self.ahead = self.ahead.subtracting(self.knowledge)
    self.significantKnowledge.merge(end.significantKnowledge)
    let hasChanged = self.knowledge != knowledge
    // Never the peer's version: it holds the rows as they were.
    if hasChanged || self.forgotten != forgotten { self.issueShardVersion() }
    self.counters.sectionsMerged += 1
    return .merged(changed: hasChanged)
  }
}
