package import EkkoCore

/// Which keys of a batch belong to which shard.
///
/// What the loops over rows need lies in memory of its own: they take it without counting references.
@safe
// SAFETY (Sendable): the memory is written before `init` ends, and only read after that.
package final class ShardCut: @unchecked Sendable {
  private let keyCount: Int
  /// The places of the keys in the batch, those of one shard together and ascending.
  private let order: UnsafeMutablePointer<UInt32>
  /// The hash of each key, in that order; see `ShardFunction`.
  private let hashes: UnsafeMutablePointer<UInt64>
  /// The shards that have any, ascending, and where in the order theirs begin.
  private let parts: [(shard: UInt32, start: Int)]

  package init(_ keys: [UInt64], of table: TableID, shardCount: UInt32) {
    precondition(keys.count <= UInt32.max, "a batch of more keys than can be counted")
    self.keyCount = keys.count
    unsafe self.order = .allocate(capacity: max(1, keys.count))
    unsafe self.hashes = .allocate(capacity: max(1, keys.count))
    // Sorted by counting: how many come before each shard's, then each key to the next of its places.
    var next = [UInt32](repeating: 0, count: Int(shardCount) + 1)
    let hashed = Self.count(keys, of: table, in: &next)
    var parts: [(shard: UInt32, start: Int)] = []
    parts.reserveCapacity(min(keys.count, Int(shardCount)))
    for shard in 0..<Int(shardCount) {
      if next[shard + 1] > 0 { parts.append((UInt32(shard), Int(next[shard]))) }
      next[shard + 1] += next[shard]
    }
    self.parts = parts
    unsafe Self.distribute(hashed.span, from: &next, to: self.order, self.hashes)
  }

  deinit {
    unsafe self.order.deallocate()
    unsafe self.hashes.deallocate()
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
    _ hashed: Span<Hashed>, from next: inout [UInt32], to order: UnsafeMutablePointer<UInt32>,
    _ hashes: UnsafeMutablePointer<UInt64>
  ) {
    var next = next.mutableSpan
    for place in hashed.indices {
      let key = hashed[place]
      let target = Int(next[Int(key.shard)])
      // SAFETY: each key gets a place of its own below their number.
      unsafe (order + target).initialize(to: UInt32(truncatingIfNeeded: place))
      unsafe (hashes + target).initialize(to: key.hash)
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
    let end = place + 1 < self.parts.count ? self.parts[place + 1].start : self.keyCount
    return self.parts[place].start..<end
  }

  /// The places of the keys at `range` of the order.
  @inline(__always)
  @_lifetime(borrow self)
  func places(_ range: Range<Int>) -> Span<UInt32> {
    precondition(range.lowerBound >= 0 && range.upperBound <= self.keyCount)
    // SAFETY: so many were initialised, and live as long as this.
    let all = unsafe Span(_unsafeStart: self.order + range.lowerBound, count: range.count)
    return unsafe _overrideLifetime(all, borrowing: self)
  }

  /// The hashes of the keys at `range` of the order.
  @inline(__always)
  @_lifetime(borrow self)
  func hashes(_ range: Range<Int>) -> Span<UInt64> {
    precondition(range.lowerBound >= 0 && range.upperBound <= self.keyCount)
    // SAFETY: as above.
    let all = unsafe Span(_unsafeStart: self.hashes + range.lowerBound, count: range.count)
    return unsafe _overrideLifetime(all, borrowing: self)
  }

  /// The places of the keys of `shard`, ascending.
  package func places(of shard: UInt32) -> [UInt32] {
    let places = self.places(self.range(of: shard))
    return places.indices.map { places[$0] }
  }
}
