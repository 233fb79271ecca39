package import EkkoCore

/// Which keys of a batch belong to which shard.
package struct ShardCut: Sendable {
  /// The places of the keys in the batch, those of one shard together and ascending.
  package let order: [UInt32]
  /// The shards that have any, ascending, and where in `order` theirs begin.
  private let parts: [(shard: UInt32, start: Int)]

  package init(_ keys: [UInt64], of table: TableID, shardCount: UInt32) {
    precondition(keys.count <= UInt32.max, "a batch of more keys than can be counted")
    guard shardCount > 1 else {
      self.order = Array(0..<UInt32(keys.count))
      self.parts = keys.isEmpty ? [] : [(0, 0)]
      return
    }
    let shards = keys.map {
      ShardFunction.shardIndex(of: ParameterKey(table: table, key: $0), shardCount: shardCount)
    }
    // Sorted by counting: how many come before each shard's, then each key to the next of its places.
    var next = [UInt32](repeating: 0, count: Int(shardCount) + 1)
    for shard in shards { next[Int(shard) + 1] += 1 }
    var parts: [(shard: UInt32, start: Int)] = []
    for shard in 0..<Int(shardCount) {
      if next[shard + 1] > 0 { parts.append((UInt32(shard), Int(next[shard]))) }
      next[shard + 1] += next[shard]
    }
    var order = [UInt32](repeating: 0, count: keys.count)
    for (place, shard) in shards.enumerated() {
      order[Int(next[Int(shard)])] = UInt32(place)
      next[Int(shard)] += 1
    }
    self.order = order
    self.parts = parts
  }

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
    let end = place + 1 < self.parts.count ? self.parts[place + 1].start : self.order.count
    return self.parts[place].start..<end
  }

  /// The places of the keys of `shard`, ascending.
  package func places(of shard: UInt32) -> ArraySlice<UInt32> { self.order[self.range(of: shard)] }
}
