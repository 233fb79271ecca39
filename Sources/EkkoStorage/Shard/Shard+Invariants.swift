package import EkkoCore

/// What must hold after every step. Used by tests and simulation; O(rows).
extension Shard {
  package enum Violation: Error, Hashable, Sendable {
    /// A row outside the cache whose version the DVV does not cover (C1).
    case uncachedBeyondDominator(table: UInt16, key: UInt64)
    /// A row that neither the knowledge nor `ahead` covers.
    case rowBeyondClaim(table: UInt16, key: UInt64)
    /// The DVV covers what neither does: nobody could ever be answered from the cache.
    case dominatorBeyondClaim(IncarnationID)
    case liveCount(counted: Int, held: Int)
    case index(table: UInt16, key: UInt64)
    case occupiedCount(table: UInt16)
    case tombstoneCount(counted: Int, held: Int)
    /// Cache entries must ascend by arrival.
    case cacheOrder
    /// A live entry that is not its row's latest arrival, or has another version than the row.
    case cacheEntry(table: UInt16, slot: UInt32)
    /// Our own knowledge lies beyond what this shard's clock has issued (K2).
    case ownKnowledge
    /// The held version is our own but newer than our counter (S1).
    case shardVersion
  }

  package func checkInvariants() throws(Violation) {
    try self.checkCacheOrder()
    var tombstones = 0
    var claimed = self.knowledge
    claimed.merge(self.ahead)
    let claim = self.origins.incarnations.map { origin in
      self.origins.retired.contains(origin) ? .max : claimed[origin].rawValue
    }
    for table in self.tables.indices {
      tombstones += try self.checkRows(of: table, claim: claim)
    }
    guard tombstones == self.tombstoneCount else {
      throw .tombstoneCount(counted: tombstones, held: self.tombstoneCount)
    }
    for (index, bound) in self.cache.dominator.enumerated() where bound > claim[index] {
      throw .dominatorBeyondClaim(self.origins[UInt32(index)])
    }
    guard self.knowledge[self.incarnation] <= self.clock.last else { throw .ownKnowledge }
    guard
      self.shardVersion.issuer != self.incarnation
        || self.shardVersion.counter <= self.issuedCounter
    else { throw .shardVersion }
  }

  /// The rows of one table against its index, the cache, and what is claimed of each origin.
  ///
  /// - Returns: how many of them are tombstones.
  private func checkRows(of table: Int, claim: [UInt64]) throws(Violation) -> Int {
    let memory = self.tables[table].memory
    let dominator = self.cache.dominator
    var occupied = 0
    var tombstones = 0
    for slot in 0..<self.tables[table].slotCount {
      let stamp = memory.stamp(at: slot)
      guard stamp.sequence != 0 else { continue }
      occupied += 1
      if stamp.isTombstone { tombstones += 1 }
      let key = memory.key(at: slot)
      guard memory.slot(of: key) == slot else { throw .index(table: UInt16(table), key: key) }
      guard stamp.timestamp.rawValue <= claim[Int(stamp.origin)] else {
        throw .rowBeyondClaim(table: UInt16(table), key: key)
      }
      let isCovered =
        Int(stamp.origin) < dominator.count
        && dominator[Int(stamp.origin)] >= stamp.timestamp.rawValue
      guard
        isCovered || self.cache.contains(stamp.sequence) || self.origins.isRetired(stamp.origin)
      else { throw .uncachedBeyondDominator(table: UInt16(table), key: key) }
    }
    guard occupied == self.tables[table].occupiedCount else {
      throw .occupiedCount(table: UInt16(table))
    }
    return tombstones
  }

  private func checkCacheOrder() throws(Violation) {
    let memories = self.tables.map(\.memory)
    var previous: UInt64 = 0
    var live = 0
    for (sequence, entry) in self.cache.entries(after: 0) {
      guard sequence > previous else { throw .cacheOrder }
      previous = sequence
      let stamp = memories[Int(entry.table)].stamp(at: Int(entry.slot))
      guard stamp.sequence == sequence, stamp.timestamp == entry.timestamp,
        stamp.origin == entry.origin
      else { throw .cacheEntry(table: entry.table, slot: entry.slot) }
      live += 1
    }
    guard live == self.cache.liveCount else {
      throw .liveCount(counted: live, held: self.cache.liveCount)
    }
  }
}
