internal import EkkoCore

/// What must hold after every step. Used by tests and simulation; O(rows).
extension Shard {
  package enum Violation: Error, Hashable, Sendable {
    /// A row outside the cache whose version the DVV does not cover (C1).
    case uncachedBeyondDominator(table: UInt16, key: UInt64)
    case liveCount(counted: Int, held: Int)
    case index(table: UInt16, key: UInt64)
    case occupiedCount(table: UInt16)
    case tombstoneCount(counted: Int, held: Int)
    /// Cache entries must ascend by arrival.
    case cacheOrder
    /// Our own knowledge lies beyond what this shard's clock has issued (K2).
    case ownKnowledge
    /// The held version is our own but newer than our counter (S1).
    case shardVersion
  }

  package func checkInvariants() throws(Violation) {
    try self.checkCacheOrder()
    var tombstones = 0
    for (table, rows) in self.tables.enumerated() {
      var occupied = 0
      for slot in 0..<rows.slotCount {
        let stamp = rows.stamp(at: slot)
        guard stamp.sequence != 0 else { continue }
        occupied += 1
        if stamp.isTombstone { tombstones += 1 }
        guard rows.slot(of: rows.key(at: slot)) == slot else {
          throw .index(table: UInt16(table), key: rows.key(at: slot))
        }
        let isCovered =
          Int(stamp.origin) < self.cache.dominator.count
          && self.cache.dominator[Int(stamp.origin)] >= stamp.timestamp.rawValue
        guard
          isCovered || self.cache.contains(stamp.sequence) || self.origins.isRetired(stamp.origin)
        else {
          throw .uncachedBeyondDominator(table: UInt16(table), key: rows.key(at: slot))
        }
      }
      guard occupied == rows.occupiedCount else { throw .occupiedCount(table: UInt16(table)) }
    }
    guard tombstones == self.tombstoneCount else {
      throw .tombstoneCount(counted: tombstones, held: self.tombstoneCount)
    }
    guard self.knowledge[self.incarnation] <= self.clock.last else { throw .ownKnowledge }
    guard
      self.shardVersion.issuer != self.incarnation
        || self.shardVersion.counter <= self.issuedCounter
    else { throw .shardVersion }
  }

  private func checkCacheOrder() throws(Violation) {
    var previous: UInt64 = 0
    var live = 0
    for entry in self.cache.entries {
      guard entry.sequence > previous else { throw .cacheOrder }
      previous = entry.sequence
      let stamp = self.tables[Int(entry.table)].stamp(at: Int(entry.slot))
      if stamp.sequence == entry.sequence { live += 1 }
    }
    guard live == self.cache.liveCount else {
      throw .liveCount(counted: live, held: self.cache.liveCount)
    }
  }
}
