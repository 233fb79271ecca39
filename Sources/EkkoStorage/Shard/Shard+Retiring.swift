package import EkkoCore

/// Retiring incarnations (DESIGN §5.1), so that vectors do not grow with every restart.
extension Shard {
  /// Forgets an origin that will never write again, once everything it wrote to this shard up to
  /// `seal` is known here: its entry leaves all vectors in one step and later entries for it are
  /// ignored. Its rows keep it until overwritten; they count as known everywhere, and only a full
  /// replace sends them.
  ///
  /// The shard version stays: the rows are what they were, and vectors are compared without retired
  /// origins. Answers under way are dropped, for they claim the origin: their askers ask again.
  ///
  /// - Returns: false if this shard knows less of the origin than the seal says, or holds more. Then it
  ///   answers nothing until it has taken a full replace.
  package mutating func applyRetirement(of origin: IncarnationID, seal: Timestamp) -> Bool {
    if self.origins.retired.contains(origin) { return !self.mustReplace }
    let isSealed = self.isSealed(origin, at: seal)
    self.origins.retire(origin)
    self.knowledge.remove(origin)
    self.ahead.remove(origin)
    self.significantKnowledge.remove(origin)
    self.collectable.remove(origin)
    #if PlantedBugs
      if PlantedBug.active != .retiredInOneVector { self.forgotten.remove(origin) }
    #else
      self.forgotten.remove(origin)
    #endif
    if let index = self.origins.index(of: origin) { self.cache.clearDominator(origin: index) }
    self.dropWalks()
    #if PlantedBugs
      if PlantedBug.active == .retiredUnsealed { return !self.mustReplace }
    #endif
    if !isSealed { self.requireReplacement() }
    return !self.mustReplace
  }

  /// Whether this shard knows all that `origin` wrote up to `seal`, and holds nothing beyond.
  package func isSealed(_ origin: IncarnationID, at seal: Timestamp) -> Bool {
    self.knowledge[origin] == seal && origin != self.incarnation
      && !self.holdsRows(of: origin, beyond: seal)
  }

  /// Whether there are rows of `origin` later than `seal`. O(rows), but only where there once were.
  private func holdsRows(of origin: IncarnationID, beyond seal: Timestamp) -> Bool {
    guard self.ahead[origin] > seal, let index = self.origins.index(of: origin)
    else { return false }
    return self.tables.contains { table in
      (0..<table.slotCount).contains { slot in
        let stamp = table.stamp(at: slot)
        return stamp.sequence != 0 && stamp.origin == index && stamp.timestamp > seal
      }
    }
  }

  /// Issues anew, at the shard's primary, the rows of an origin that is about to be retired beyond its
  /// seal: those of a section that nobody saw the end of because the origin had died. Such rows spread
  /// until every replica holds them. Then none would equal the seal, each would wait for another to
  /// replace its rows from, and none could answer.
  package mutating func reissueRows(
    of origin: IncarnationID, beyond seal: Timestamp, at now: Instant
  ) {
    guard self.mayIssue, self.knowledge[origin] == seal, self.ahead[origin] > seal,
      let index = self.origins.index(of: origin)
    else { return }
    let own = self.origins.intern(self.incarnation)
    let before = self.clock.last
    for table in self.tables.indices {
      self.tables[table].makeExclusive()
      let memory = self.tables[table].memory
      for slot in 0..<self.tables[table].slotCount {
        let stamp = memory.stamp(at: slot)
        guard stamp.sequence != 0, stamp.origin == index, stamp.timestamp > seal else { continue }
        self.stampArrival(
          in: memory, index: table, slot: slot,
          timestamp: self.clock.next(wall: now.wall, replacing: stamp.timestamp), origin: own,
          isTombstone: stamp.isTombstone, replaced: stamp.sequence)
        self.counters.rowsRecovered += 1
      }
    }
    guard self.clock.last > before else { return }
    self.knowReissued()
    self.finishArrivals(at: now)
  }

  /// Lets go of the claim to rows of dead origins beyond the knowledge where none is left: all have gone,
  /// or were written over, mostly by what their primary has issued anew in their place. Perhaps nobody who
  /// holds full rows has ever heard of such an origin, and so nobody would retire it.
  ///
  /// Not where full rows are held: those who do tell each other of such origins, until one of them, who
  /// writes the catalogue, has them retired.
  ///
  /// The rows are what they were, but a shard version stands for the claim as well, and so does the
  /// cache's DVV, beyond which no asker would ever be. O(rows) only when the row that was found of an
  /// origin the last time is no longer one.
  package mutating func forgetRowsAhead(besides living: Set<IncarnationID>) {
    guard self.formClass != .full, !self.ahead.isEmpty else { return }
    var unproven = Set(self.ahead.entries.map(\.origin)).subtracting(living)
    let bounds = self.origins.bounds(of: self.knowledge)
    func origin(aheadAt row: Walk.RowReference) -> IncarnationID? {
      let table = self.tables[Int(row.table)]
      guard row.slot < table.slotCount else { return nil }
      let stamp = table.stamp(at: Int(row.slot))
      let isAhead =
        stamp.sequence != 0 && stamp.timestamp.rawValue > bounds[Int(stamp.origin)]
      return isAhead ? self.origins[stamp.origin] : nil
    }
    self.aheadWitnesses = self.aheadWitnesses.filter { origin(aheadAt: $0.value) == $0.key }
    unproven.subtract(self.aheadWitnesses.keys)
    guard !unproven.isEmpty else { return }
    for (index, table) in self.tables.enumerated() {
      for slot in 0..<table.slotCount {
        let row = Walk.RowReference(table: UInt16(index), slot: UInt32(slot))
        guard let origin = origin(aheadAt: row), unproven.remove(origin) != nil else { continue }
        self.aheadWitnesses[origin] = row
        if unproven.isEmpty { return }
      }
    }
    for origin in unproven {
      self.ahead.remove(origin)
      #if PlantedBugs
        if PlantedBug.active == .dominatorOutlivesClaim { continue }
      #endif
      guard let index = self.origins.index(of: origin) else { continue }
      self.cache.lowerDominator(origin: index, to: self.knowledge[origin])
    }
    self.issueShardVersion()
    self.counters.shardVersionsIssuedWithoutClaim += 1
  }

  /// Ends all answers without their sections' ends.
  mutating func dropWalks() {
    self.walks.removeAll()
    self.releaseDeferredFrees()
  }
}
