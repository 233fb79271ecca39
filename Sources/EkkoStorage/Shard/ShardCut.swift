package import EkkoCore

/// Which keys of a batch belong to which shard.
package struct ShardCut: Sendable {
  /// The places of the keys in the batch, those of one shard together and ascending.
  package let order: [UInt32]
  /// The shards that have any, ascending, and where in `order` theirs begin.
  private let parts: [(shard: UInt32, start: Int)]

  /// Keys that are all of one shard.
  package init(keyCount: Int, of shard: UInt32) {
    self.order = Array(0..<UInt32(keyCount))
    self.parts = keyCount == 0 ? [] : [(shard, 0)]
  }

  package init(_ keys: [UInt64], of table: TableID, shardCount: UInt32) {
    precondition(keys.count <= UInt32.max, "a batch of more keys than can be counted")
    guard shardCount > 1 else {
      self = ShardCut(keyCount: keys.count, of: 0)
      return
    }
    // Sorted by counting: how many come before each shard's, then each key to the next of its places.
    var next = [UInt32](repeating: 0, count: Int(shardCount) + 1)
    let shards = Self.count(keys, of: table, in: &next)
    var parts: [(shard: UInt32, start: Int)] = []
    parts.reserveCapacity(min(keys.count, Int(shardCount)))
    for shard in 0..<Int(shardCount) {
      if next[shard + 1] > 0 { parts.append((UInt32(shard), Int(next[shard]))) }
      next[shard + 1] += next[shard]
    }
    var order = [UInt32](repeating: 0, count: keys.count)
    Self.distribute(shards.span, from: &next, to: &order)
    self = ShardCut(order: order, parts: parts)
  }

  private init(order: [UInt32], parts: [(shard: UInt32, start: Int)]) {
    self.order = order
    self.parts = parts
  }

  /// Counts each shard's keys, one place further on.
  ///
  /// - Returns: the shard of each key.
  private static func count(
    _ keys: [UInt64], of table: TableID, in counts: inout [UInt32]
  ) -> [UInt32] {
    let shardCount = UInt32(counts.count - 1)
    var span = counts.mutableSpan
    let source = keys.span
    return unsafe Array(unsafeUninitializedCapacity: keys.count) { shards, count in
      for place in source.indices {
        let shard = ShardFunction.shardIndex(
          of: ParameterKey(table: table, key: source[place]), shardCount: shardCount)
        // SAFETY: as many places as keys.
        unsafe shards.initializeElement(at: place, to: shard)
        span[Int(shard) + 1] &+= 1
      }
      count = source.count
    }
  }

  private static func distribute(
    _ shards: Span<UInt32>, from next: inout [UInt32], to order: inout [UInt32]
  ) {
    var next = next.mutableSpan
    var order = order.mutableSpan
    for place in shards.indices {
      let shard = Int(shards[place])
      order[Int(next[shard])] = UInt32(truncatingIfNeeded: place)
      next[shard] &+= 1
    }
  }

  package var count: Int { self.parts.count }

  /// The shards that have any, ascending.
  package var shards: [UInt32] { self.parts.map(\.shard) }

  /// All that have any of several cuts, ascending.
  package static func shards(of cuts: [ShardCut]) -> [UInt32] {
    cuts.count == 1 ? cuts[0].shards : Set(cuts.flatMap(\.shards)).sorted()
  }

  /// Where in `order` the places of `shard` are; empty if it has none.
  package func range(of shard: UInt32) -> Range<Int> {
    let place = self.parts.partitioningIndex { $0.shard >= shard }
    guard place < self.parts.count, self.parts[place].shard == shard else { return 0..<0 }
    return self.range(ofPart: place)
  }

  /// The same of the shard that is at `place` of `shards`.
  func range(ofPart place: Int) -> Range<Int> {
    let end = place + 1 < self.parts.count ? self.parts[place + 1].start : self.order.count
    return self.parts[place].start..<end
  }

  /// The places of the keys of `shard`, ascending.
  package func places(of shard: UInt32) -> ArraySlice<UInt32> { self.order[self.range(of: shard)] }
}
