package import EkkoCore

/// Upkeep: cache pruning (Algorithm 1), expiry and tombstone collection (DESIGN §5.8–§5.9).
extension Shard {
  /// Prunes what arrived longer ago than D_prop. Called after every batch of arrivals.
  package mutating func pruneCache(at now: Instant) {
    if self.cache.liveCount > PropagationEstimate.minimumLimit,
      self.cache.liveCount > PropagationEstimate.entryLimit(rows: self.rowCount)
    {
      self.cache.propagation.noteOverLimit()
    }
    #if PlantedBugs
      self.pruneWrongly(at: now)
    #endif
    let horizon = MonotonicTime(
      nanoseconds: now.monotonic.nanoseconds - self.cache.propagation.horizonNanoseconds)
    if let sequence = self.cache.sequence(before: horizon) {
      #if PlantedBugs
        self.eraseStaleCopies(through: sequence)
      #endif
      self.cache.prune(through: sequence)
    }
    self.compactCache()
  }

  /// Lets the cache go of what is no longer live, if that is most of it: after arrivals, and where many rows
  /// have gone at once.
  mutating func compactCache() {
    if self.cache.needsCompaction { self.cache.compact() }
  }

  /// Begins with this estimate of D_prop.
  package mutating func assumePropagation(within horizon: Duration) {
    self.cache.propagation = PropagationEstimate(horizon: horizon)
  }

  /// A peer has merged everything up to our arrival `mark`, having merged up to `earlier` before.
  package mutating func noteMerged(mark: UInt64, earlier: UInt64, at now: Instant) {
    guard mark > earlier,
      let age = self.cache.age(ofFirstArrivalAfter: earlier, at: now.monotonic)
    else { return }
    self.cache.propagation.noteMerged(age: age)
  }

  /// Whether the row has outlived its table's time-to-live: a function of its version's time, so
  /// that every replica decides alike.
  func isExpired(_ timestamp: Timestamp, table: Int, at now: Instant) -> Bool {
    timestamp < self.oldestAlive(table: table, at: now)
  }

  /// Rows of an earlier version have outlived their table's time-to-live.
  func oldestAlive(table: Int, at now: Instant) -> Timestamp {
    let timeToLive = UInt64(self.tables[table].schema.timeToLiveSeconds) * 1_000_000
    guard timeToLive > 0, now.wall.microseconds >= timeToLive else { return .zero }
    let oldest = Timestamp(microseconds: now.wall.microseconds - timeToLive + 1)
    #if PlantedBugs
      if PlantedBug.active == .expiryByLocalClock, self.birth >= oldest { return .zero }
    #endif
    return oldest
  }

  /// Drops expired rows, examining at most `limit` slots from `cursor` on.
  ///
  /// - Returns: where to go on; `nil` when all tables have been seen.
  package mutating func expireRows(
    from cursor: ScanCursor, limit: Int, at now: Instant
  ) -> ScanCursor? {
    // Somebody may look for tombstones by the same cursor.
    guard self.tombstoneCount > 0 || self.tables.contains(where: Self.letsRowsExpire) else {
      return nil
    }
    return self.sweep(from: cursor, limit: limit, Self.letsRowsExpire) {
      shard, table, slot, stamp in
      if shard.isExpired(stamp.timestamp, table: table, at: now) {
        shard.removeRow(table: table, slot: slot)
        shard.counters.rowsExpired += 1
      }
    }
  }

  private static func letsRowsExpire(_ table: RowTable) -> Bool {
    table.schema.timeToLiveSeconds > 0
  }

  private static func holdsRows(_ table: RowTable) -> Bool { table.occupiedCount > 0 }

  /// Drops tombstones that every member of the table holds, and remembers that they existed.
  ///
  /// - Parameter stable: what all members know, in their present incarnations, as far as this node has
  ///   heard. Those a peer has collected go as well: most nodes do not hear of all members. So do those
  ///   of retired origins: who does not hold them must replace all its rows.
  package mutating func collectTombstones(
    stable: VersionVector, from cursor: ScanCursor, limit: Int
  ) -> ScanCursor? {
    defer { self.dropWalksBelowForgotten() }
    guard self.tombstoneCount > 0 else { return nil }
    return self.sweep(from: cursor, limit: limit, Self.holdsRows) { shard, table, slot, stamp in
      guard stamp.isTombstone else { return }
      let version = shard.version(of: stamp)
      if shard.origins.isRetired(stamp.origin) {
        guard !shard.mustReplace else { return }
        shard.removeRow(table: table, slot: slot)
        shard.counters.tombstonesCollected += 1
      } else if stable.covers(version) || shard.collectable.covers(version) {
        #if PlantedBugs
          if PlantedBug.active != .tombstonesForgotten { shard.forgotten.observe(version) }
        #else
          shard.forgotten.observe(version)
        #endif
        shard.removeRow(table: table, slot: slot)
        shard.counters.tombstonesCollected += 1
      }
    }
  }

  /// Shows `body` the rows in the next `limit` slots, but for those of tables that are not concerned.
  private mutating func sweep(
    from cursor: ScanCursor, limit: Int, _ isConcerned: (RowTable) -> Bool,
    _ body: (inout Shard, _ table: Int, _ slot: Int, RowTable.Stamp) -> Void
  ) -> ScanCursor? {
    defer {
      self.compactCache()
      self.releaseEmptied()
    }
    var cursor = cursor
    var remaining = limit
    while Int(cursor.table) < self.tables.count {
      let table = Int(cursor.table)
      let end = self.tables[table].slotCount
      guard isConcerned(self.tables[table]) else {
        let passed = max(0, min(remaining, end - Int(cursor.slot)))
        remaining -= passed
        cursor.slot += UInt32(passed)
        guard cursor.slot >= end else { return cursor }
        cursor = ScanCursor(table: cursor.table + 1, slot: 0)
        continue
      }
      self.tables[table].makeExclusive()
      let memory = self.tables[table].memory
      while Int(cursor.slot) < end {
        guard remaining > 0 else { return cursor }
        remaining -= 1
        let stamp = memory.stamp(at: Int(cursor.slot))
        if stamp.sequence != 0 { body(&self, table, Int(cursor.slot), stamp) }
        cursor.slot += 1
      }
      cursor = ScanCursor(table: cursor.table + 1, slot: 0)
    }
    return nil
  }
}
