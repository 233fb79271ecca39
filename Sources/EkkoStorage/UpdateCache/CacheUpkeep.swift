package import EkkoCore

/// The update cache's part in overwriting rows, without the rows: to measure what it costs (DESIGN §13).
///
/// A shard that has no rows is told of arrivals by the same steps that end a batch of overwrites. The cache
/// looks at no row, so it does all that it would do; D_prop becomes shorter as in a shard of up to two
/// million rows.
package struct CacheUpkeep: Sendable {
  /// Rows that are overwritten together, with their former arrivals.
  package struct Batch: Sendable {
    fileprivate let slots: [UInt32]
    fileprivate let replaced: [UInt64]
  }

  private(set) var shard: Shard
  /// By slot: the arrival of its row when all batches made so far have been noted.
  private var latest: [UInt64]
  private var lastMade: UInt64 = 0

  /// - Parameter rowCount: how many rows there are; none has arrived yet.
  package init(rowCount: Int) {
    self.shard = Shard(
      id: ShardID(model: ModelID(rawValue: 1), index: 0),
      schemas: [TableSchema(name: "rows", rowLength: 1)], formClass: .full,
      incarnation: IncarnationID(rawValue: 1))
    self.latest = Array(repeating: 0, count: rowCount)
  }

  /// A batch of the rows in `slots`, which are distinct. Batches are noted in the order in which they were
  /// made; to make them first keeps from the measurement what a shard reads in its rows.
  package mutating func makeBatch(_ slots: [UInt32]) -> Batch {
    var replaced: [UInt64] = []
    replaced.reserveCapacity(slots.count)
    for slot in slots {
      self.lastMade += 1
      replaced.append(self.latest[Int(slot)])
      self.latest[Int(slot)] = self.lastMade
    }
    return Batch(slots: slots, replaced: replaced)
  }

  /// All that the cache has to do for a batch: entries, notes of the former arrivals, the batch's time,
  /// and pruning.
  package mutating func note(_ batch: Batch, at now: Instant) {
    StagedArrivals.withRoom { staged in
      for (slot, replaced) in zip(batch.slots, batch.replaced) {
        if staged.isFull { self.shard.append(&staged) }
        let timestamp = Timestamp(rawValue: self.shard.arrival + staged.next)
        // SAFETY: there is room for a block.
        unsafe staged.add(
          UpdateCache.Entry(table: 0, slot: slot, timestamp: timestamp, origin: 0),
          replacing: replaced)
      }
      self.shard.append(&staged)
    }
    self.shard.finishArrivals(at: now)
  }
}
