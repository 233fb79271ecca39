/// What arrived under 64 consecutive sequences. An arrival that has been superseded is marked by one
/// bit, so that nothing else has to be looked at to know which are live.
struct ArrivalChunk: Sendable {
  /// Its sequences are 64 × `number` and those that follow.
  let number: UInt64
  /// In order of arrival, one for each bit of `stored`.
  private var entries: [UpdateCache.Entry] = []
  fileprivate var stored: UInt64 = 0
  private(set) var live: UInt64 = 0

  static let length = 64

  init(number: UInt64) { self.number = number }

  @inline(__always)
  static func number(of sequence: UInt64) -> UInt64 { sequence >> 6 }

  @inline(__always)
  private static func bit(of sequence: UInt64) -> UInt64 { 1 << (sequence & 63) }

  var liveCount: Int { self.live.nonzeroBitCount }

  @inline(__always)
  func holds(_ sequence: UInt64) -> Bool { self.live & Self.bit(of: sequence) != 0 }

  /// Adds arrivals, the first under `sequence`, later than those that are there.
  @inline(__always)
  mutating func append(_ arrivals: Span<UpdateCache.Entry>, from sequence: UInt64) {
    precondition(self.stored >> (sequence & 63) == 0, "arrivals out of order")
    if self.stored == 0 { self.entries.reserveCapacity(arrivals.count > 4 ? Self.length : 4) }
    unsafe arrivals.withUnsafeBufferPointer { unsafe self.entries.append(contentsOf: $0) }
    let mask: UInt64 =
      arrivals.count == Self.length ? .max : (1 << UInt64(arrivals.count)) - 1
    self.stored |= mask << (sequence & 63)
    self.live |= mask << (sequence & 63)
  }

  /// - Returns: how many stored entries that lets go of; `nil` if it does not hold that arrival.
  @inline(__always)
  mutating func remove(_ sequence: UInt64) -> Int? {
    let bit = Self.bit(of: sequence)
    guard self.live & bit != 0 else { return nil }
    self.live ^= bit
    return self.live == 0 ? self.removeAll() : 0
  }

  /// - Returns: whether it is the chunk `number` and holds that arrival and others: else nothing is done.
  @inline(__always)
  mutating func removeOneOfMany(_ sequence: UInt64, number: UInt64) -> Bool {
    let bit = Self.bit(of: sequence)
    guard self.number == number, self.live & bit != 0, self.live != bit else { return false }
    self.live ^= bit
    return true
  }

  private mutating func removeAll() -> Int {
    defer { (self.entries, self.stored, self.live) = ([], 0, 0) }
    return self.entries.count
  }

  /// Takes out those up to `sequence`, handing each live one to `body` first.
  ///
  /// - Returns: how many were live, and how many stored entries that lets go of.
  mutating func removeFirst(
    through sequence: UInt64, _ body: (UInt64, UpdateCache.Entry) -> Void
  ) -> (live: Int, stored: Int) {
    let count = self.liveCount
    let later = self.isPast(sequence) ? 0 : UInt64.max << ((sequence & 63) + 1)
    self.forEach(of: self.live & ~later, body)
    self.live &= later
    return (count - self.liveCount, self.live == 0 ? self.removeAll() : 0)
  }

  /// Lets go of entries that are not live.
  mutating func compact() {
    guard self.live != self.stored else { return }
    var kept: [UpdateCache.Entry] = []
    kept.reserveCapacity(self.liveCount)
    self.forEach(of: self.live) { _, entry in kept.append(entry) }
    (self.entries, self.stored) = (kept, self.live)
  }

  /// Hands out the live ones after `sequence`, in order, until `body` answers false.
  ///
  /// - Returns: whether it never did.
  @inline(__always)
  func forEach(after sequence: UInt64, _ body: (UInt64, UpdateCache.Entry) -> Bool) -> Bool {
    let begin = self.number &* 64
    let past = sequence < begin ? 0 : sequence &- begin &+ 1
    guard past < 64 else { return true }
    let entries = self.entries.span
    var rest = self.live & (UInt64.max << past)
    // In a chunk of which nothing was let go, an arrival's offset is its entry's place.
    let isWhole = self.stored == .max
    while rest != 0 {
      let offset = rest.trailingZeroBitCount
      let place = isWhole ? offset : (self.stored & ((1 << UInt64(offset)) - 1)).nonzeroBitCount
      guard body(begin | UInt64(offset), entries[place]) else { return false }
      rest &= rest - 1
    }
    return true
  }

  /// Whether all of its sequences are at or before `sequence`.
  func isPast(_ sequence: UInt64) -> Bool { sequence >= self.number &* 64 &+ 63 }

  @inline(__always)
  fileprivate func item(at offset: UInt64) -> (sequence: UInt64, entry: UpdateCache.Entry) {
    let place = (self.stored & ((1 << offset) - 1)).nonzeroBitCount
    return (self.number &* 64 | offset, self.entries[place])
  }

  @inline(__always)
  fileprivate func forEach(of bits: UInt64, _ body: (UInt64, UpdateCache.Entry) -> Void) {
    var rest = bits
    while rest != 0 {
      let item = self.item(at: UInt64(rest.trailingZeroBitCount))
      body(item.sequence, item.entry)
      rest &= rest - 1
    }
  }
}

#if PlantedBugs
  extension ArrivalChunk {
    /// The last live arrival before `sequence`.
    func last(before sequence: UInt64) -> (sequence: UInt64, entry: UpdateCache.Entry)? {
      let begin = self.number * 64
      guard sequence > begin else { return nil }
      let earlier = sequence >= begin + 64 ? self.live : self.live & ((1 << (sequence - begin)) - 1)
      guard earlier != 0 else { return nil }
      return self.item(at: UInt64(63 - earlier.leadingZeroBitCount))
    }

    /// Those up to `sequence` that are stored, live or not.
    func stored(through sequence: UInt64) -> [UpdateCache.Entry] {
      var found: [UpdateCache.Entry] = []
      self.forEach(of: self.stored) { if $0 <= sequence { found.append($1) } }
      return found
    }
  }
#endif
