internal import EkkoCore

/// Looks for the smallest seed at which something is found, on several threads.
package enum SeedSearch {
  /// What was found, and at which seed.
  package struct Find<Value: Sendable>: Sendable {
    package let seed: UInt64
    package let value: Value
  }

  /// So many seeds are in memory at a time.
  private static let blockSize = 256

  /// Asks `look` about the seeds from `first` on, at most `count` of them, all of which there are;
  /// blocks. What comes of it does not depend on the number of threads: a seed is passed over only if a
  /// smaller one was found.
  package static func first<Value: Sendable>(
    from first: UInt64, count: Int, threads: Int,
    _ look: @escaping @Sendable (UInt64) -> Value?
  ) -> Find<Value>? {
    for start in stride(from: 0, to: count, by: Self.blockSize) {
      let block = start..<min(start + Self.blockSize, count)
      let find = Self.first(of: block.map { first + UInt64($0) }, threads: threads, look)
      if let find { return find }
    }
    return nil
  }

  private static func first<Value: Sendable>(
    of seeds: [UInt64], threads: Int, _ look: @escaping @Sendable (UInt64) -> Value?
  ) -> Find<Value>? {
    let smallest = Guarded(UInt64?.none)
    let finds = Workers.map(seeds, threads: threads) { seed in
      guard smallest.withLock({ $0.map { seed < $0 } ?? true }), let value = look(seed) else {
        return Find<Value>?.none
      }
      smallest.withLock { $0 = min($0 ?? seed, seed) }
      return Find(seed: seed, value: value)
    }
    return finds.compactMap(\.self).min { $0.seed < $1.seed }
  }
}
