package import EkkoCore

/// Recovering updates that survive only in a lesser form (DESIGN §4): whoever wrote them is dead, and
/// no replica that holds full rows has them. Only the shard's primary does this.
///
/// Each entry newer than the row here becomes a new write of this life, with the weights as they
/// came and initialised slots; knowledge of the dead origins is merged at the section's end, as in
/// every pull complete or not at all. A row that was issued anew is a write like any other, so those
/// of a section that broke off stay, and when it is asked for again they are no newer than ours.
///
/// A primary that distrusts its rows, restored from before an origin was retired, takes a full
/// replace like that if nobody else holds full rows: it keeps those that are as new as the others'.
extension Shard {
  /// How a section of a lesser form was asked for.
  package struct RecoveryTerms: Hashable, Sendable {
    package var formClass: FormClass
    /// The present lives of all members. What one of them wrote comes in full from its writer; a
    /// section that has newer rows of one is dropped at its end, to be asked for again.
    package var living: Set<IncarnationID>
    /// All rows were asked for, in place of those that this replica distrusts.
    package var replaces: Bool

    package init(formClass: FormClass, living: Set<IncarnationID>, replaces: Bool = false) {
      self.formClass = formClass
      self.living = living
      self.replaces = replaces
    }
  }

  /// Takes one item of the section that `reception` follows.
  package mutating func recover(
    _ item: SectionItem, in bytes: Span<UInt8>, on terms: RecoveryTerms,
    reception: inout SectionReception, at now: Instant
  ) -> Step {
    switch item {
    case .begin:
      // A replica that replaces its rows otherwise is not disturbed.
      if self.mustReplace, !terms.replaces { reception.breakOff() }
      guard !reception.isBroken else { return .progressed }
      return self.receive(item, in: bytes, reception: &reception, at: now)
    case .rows(let rows):
      guard rows.shard == self.id, rows.nonce == reception.nonce, !reception.isBroken else {
        return .progressed
      }
      do throws(Refusal) {
        let isWhole = try self.reissue(rows, on: terms, in: bytes, at: now)
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
      return .ended(self.mergeRecovered(end, on: terms, reception: reception, at: now))
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
    on version: ParameterVersion, table: Int, stored: RowTable.Stamp?, on terms: RecoveryTerms,
    at now: Instant
  ) -> Verdict {
    guard self.isNewer(version, than: stored),
      !self.isExpired(version.timestamp, table: table, at: now)
    else { return .known }
    let isLiving = version.origin == self.incarnation || terms.living.contains(version.origin)
    return isLiving ? .living : .lost
  }

  /// Whether an entry of this version counts for more than what is stored of its key, if anything.
  private func isNewer(_ version: ParameterVersion, than stored: RowTable.Stamp?) -> Bool {
    let isRetired = self.origins.retired.contains(version.origin)
    // What a retired origin wrote is known, unless that is what this replica doubts.
    guard !isRetired || self.mustReplace else { return false }
    guard let stored else {
      // Up to its origin's known time there was such a row, and it was superseded and collected.
      return isRetired || version.timestamp > self.knowledge[version.origin]
    }
    let isBeyondSeal = self.mustReplace && self.origins.isRetired(stored.origin)
    return isBeyondSeal ? version != self.version(of: stored) : version > self.version(of: stored)
  }

  /// Issues the lost ones among `rows` anew, in one step.
  ///
  /// - Returns: whether nothing else was missing here, and this replica may write.
  private mutating func reissue(
    _ rows: RowsItem, on terms: RecoveryTerms, in bytes: Span<UInt8>, at now: Instant
  ) throws(Refusal) -> Bool {
    let index = Int(rows.table.rawValue)
    let source = try self.layout(of: rows, sentIn: terms.formClass)
    try Self.checkRows(
      of: rows, laidOutAs: source, in: bytes, limit: self.latestAcceptable(at: now))
    guard self.formClass == .full, self.mayBeOrigin, self.loadedBeyond == nil,
      !self.mustReplace || terms.replaces
    else { return false }
    let columns = RowColumns(of: rows, in: bytes)
    let isReplacing = self.replacement?.nonce == rows.nonce
    let own = self.origins.intern(self.incarnation)
    self.tables[index].makeExclusive()
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
      switch self.verdict(on: version, table: index, stored: stamp, on: terms, at: now) {
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
    _ received: SectionEnd, on terms: RecoveryTerms, reception: SectionReception, at now: Instant
  ) -> Merge {
    guard !self.mustReplace || terms.replaces else {
      self.counters.sectionsDropped += 1
      return .dropped
    }
    let limit = self.latestAcceptable(at: now)
    if let obstacle = self.obstacle(to: received, of: reception, limit: limit) { return obstacle }
    var end = self.withoutRetired(received)
    let (knowledge, forgotten, mustReplace) = (self.knowledge, self.forgotten, self.mustReplace)
    if end.mode == .replace {
      guard self.finishReplacement(end) else {
        self.counters.sectionsDropped += 1
        return .dropped
      }
      // What was distrusted are rows of retired origins: the others are as well known as before.
      self.knowledge.merge(knowledge)
    }
    for origin in terms.living {
      end.knowledge.remove(origin)
      end.significantKnowledge.remove(origin)
    }
    self.knowledge.merge(end.knowledge)
    self.ahead = self.ahead.subtracting(self.knowledge)
    self.significantKnowledge.merge(end.significantKnowledge)
    let hasChanged = self.knowledge != knowledge
    // Never the peer's version: it holds the rows as they were.
    if hasChanged || self.forgotten != forgotten || self.mustReplace != mustReplace {
      self.issueShardVersion()
    }
    self.counters.sectionsMerged += 1
    self.mergedAsked = reception.asked
    return .merged(changed: hasChanged)
  }
}
