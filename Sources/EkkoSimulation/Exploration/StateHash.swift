import EkkoCore

/// A running 64-bit hash of words: order counts, every bit of every word does.
struct StateHash {
  private(set) var value: UInt64 = 0

  @inline(__always)
  mutating func add(_ word: UInt64) { self.value = SplitMix64.mix(self.value ^ word) }

  @inline(__always)
  mutating func add(_ number: Int) { self.add(UInt64(bitPattern: Int64(number))) }

  @inline(__always)
  mutating func add(_ flag: Bool) { self.add(flag ? 1 : 2) }

  mutating func add(_ vector: VersionVector) {
    self.add(vector.count)
    for entry in vector.entries {
      self.add(entry.origin.rawValue)
      self.add(entry.timestamp.rawValue)
    }
  }

  mutating func add(_ version: ShardVersion) {
    self.add(version.counter)
    self.add(version.issuer.rawValue)
  }

  mutating func add(bytes: [UInt8]) {
    self.add(bytes.count)
    self.add(XXH64.hash(bytes.span))
  }
}
