internal import EkkoCore

/// Numbers distinct keys in order of first appearance: a small open-addressing table that lives
/// for one batch.
///
/// `Dictionary` hashes with a per-process secret and costs several times as much per look-up,
/// and a batch makes thousands of them.
struct KeyIndex {
  private(set) var keys: [UInt64] = []
  /// One more than the number of the key in the slot; zero if the slot is free.
  private var slots: [UInt32]
  private let mask: Int

  /// - Parameter capacity: the most distinct keys that will be inserted.
  init(capacity: Int) {
    var slotCount = 16
    while slotCount < 2 * capacity { slotCount *= 2 }
    self.slots = [UInt32](repeating: 0, count: slotCount)
    self.mask = slotCount - 1
    self.keys.reserveCapacity(capacity)
  }

  /// The number of `key`, a new one if it was not seen before.
  mutating func place(of key: UInt64) -> Int32 {
    var slot = Int(truncatingIfNeeded: SplitMix64.mix(key)) & self.mask
    while true {
      let held = self.slots[slot]
      if held == 0 {
        precondition(2 * self.keys.count < self.slots.count, "key index is over its capacity")
        self.keys.append(key)
        self.slots[slot] = UInt32(self.keys.count)
        return Int32(self.keys.count - 1)
      }
      if self.keys[Int(held) - 1] == key { return Int32(held) - 1 }
      slot = (slot + 1) & self.mask
    }
  }
}
