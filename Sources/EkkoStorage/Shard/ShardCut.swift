package import EkkoCore

/// Which keys of a batch belong to which shard.
package struct ShardCut: Sendable {
  /// The places of the keys in the batch, those of one shard together and ascending.
  package let order: [UInt32]
  /// The hash of each key, in that order; see `ShardFunction`.
  let hashes: [UInt64]
  /// The shards that have any, ascending, and where in `order` theirs begin.
  private let parts: [(shard: UInt32, start: Int)]

  /// Keys that are all of one shard.
  package init(_ keys: [UInt64], of table: TableID) {
    let salt = ShardFunction.salt(of: table)
    self.init(
      order: Array(0..<UInt32(keys.count)),
      hashes: keys.map { ShardFunction.hash(of: $0, salt: salt) },
      parts: keys.isEmpty ? [] : [(0, 0)])
  }

  package init(_ keys: [UInt64], of table: TableID, shardCount: UInt32) {
    precondition(keys.count <= UInt32.max, "a batch of more keys than can be counted")
    guard shardCount > 1 else {
      self.init(keys, of: table)
      return
    }
    // Sorted by counting: how many come before each shard's, then each key to the next of its places.
    var next = [UInt32](repeating: 0, count: Int(shardCount) + 1)
    let hashed = Self.count(keys, of: table, in: &next)
    var parts: [(shard: UInt32, start: Int)] = []
    parts.reserveCapacity(min(keys.count, Int(shardCount)))
    for shard in 0..<Int(shardCount) {
      if next[shard + 1] > 0 { parts.append((UInt32(shard), Int(next[shard]))) }
      next[shard + 1] += next[shard]
    }
    var order = [UInt32](repeating: 0, count: keys.count)
    var hashes = [UInt64](repeating: 0, count: keys.count)
    Self.distribute(hashed.span, from: &next, to: &order, &hashes)
    self.init(order: order, hashes: hashes, parts: parts)
  }

  private init(order: [UInt32], hashes: [UInt64], parts: [(shard: UInt32, start: Int)]) {
    self.order = order
    self.hashes = hashes
    self.parts = parts
  }

  /// A key's hash and its shard.
  private struct Hashed: BitwiseCopyable {
    let hash: UInt64
    let shard: UInt32
  }

  /// Counts each shard's keys, one place further on.
  private static func count(
    _ keys: [UInt64], of table: TableID, in counts: inout [UInt32]
  ) -> [Hashed] {
    let shardCount = UInt32(counts.count - 1)
    let mask: UInt32? = shardCount & (shardCount - 1) == 0 ? shardCount - 1 : nil
    let salt = ShardFunction.salt(of: table)
    var span = counts.mutableSpan
    let source = keys.span
    return unsafe Array(unsafeUninitializedCapacity: keys.count) { hashed, count in
      for place in source.indices {
        let hash = ShardFunction.hash(of: source[place], salt: salt)
        // The same for a power of two, without a division.
        let shard =
          if let mask { UInt32(truncatingIfNeeded: hash) & mask } else {
            ShardFunction.shardIndex(of: hash, shardCount)
          }
        // SAFETY: as many places as keys.
        unsafe hashed.initializeElement(at: place, to: Hashed(hash: hash, shard: shard))
        span[Int(shard) + 1] &+= 1
      }
      count = source.count
    }
  }

  private static func distribute(
    _ hashed: Span<Hashed>, from next: inout [UInt32], to order: inout [UInt32],
    _ hashes: inout [UInt64]
  ) {
    var next = next.mutableSpan
    var order = order.mutableSpan
    var hashes = hashes.mutableSpan
    for place in hashed.indices {
      let key = hashed[place]
      let target = Int(next[Int(key.shard)])
      order[target] = UInt32(truncatingIfNeeded: place)
      hashes[target] = key.hash
      next[Int(key.shard)] &+= 1
    }
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

/// Several batches of keys, each of one table, cut by shard.
package struct BatchCut: Sendable {
  /// One for each batch.
  package let cuts: [ShardCut]
  /// That have any of the keys, ascending.
  package let shards: [UInt32]

  init(_ cuts: [ShardCut]) {
    self.cuts = cuts
    self.shards = ShardCut.shards(of: cuts)
  }

  /// Where in the order of `cuts[batch]` the keys of the shard are that is at `number` of `shards`.
  @inline(__always)
  func range(of batch: Int, number: Int) -> Range<Int> {
    // What has no keys has no shard either.
    guard number < self.shards.count else { return 0..<0 }
    // With one cut, its shards are all there are.
    return self.cuts.count == 1
      ? self.cuts[0].range(ofPart: number) : self.cuts[batch].range(of: self.shards[number])
  }

  /// How many keys that shard has.
  func keyCount(number: Int) -> Int {
    self.cuts.indices.reduce(0) { $0 + self.range(of: $1, number: number).count }
  }
}
