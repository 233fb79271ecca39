import EkkoNode

/// The seeds that `--seed` and `--seeds` name, in their order.
struct SeedRange: Hashable {
  let first: UInt64
  let count: Int

  private static let maximalCount = 100_000_000

  init(_ flags: FlagValues, usualFirst: UInt64, usualCount: Int) throws(Failure) {
    self.first = try flags.integer(.seed, in: 0...UInt64.max) ?? usualFirst
    self.count = try flags.integer(.seeds, in: 1...Self.maximalCount) ?? usualCount
    let beyond = UInt64.max - self.first
    guard UInt64(self.count - 1) <= beyond else {
      throw FlagValues.mistake(
        "--seed", "\(self.count) seeds from \(self.first) on would go beyond the largest there is",
        "Give at most --seeds \(beyond + 1)")
    }
  }
}
