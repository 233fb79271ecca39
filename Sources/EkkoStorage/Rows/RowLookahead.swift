internal import EkkoCore

/// Goes ahead of a loop over a batch of keys, so that the memory works on the rows of the next block,
/// and on the index entries of the one after that, while the loop works on this one.
@safe
struct RowLookahead: ~Copyable {
  static let blockLength = 8
  private static let ring = 32

  private let memory: RowMemory
  private let count: Int
  /// Of the index, when all that is in `sought` was found.
  private var revision: UInt64
  /// Where the probes of the keys begin, and the slots that were found: each key's at its place, round.
  private let sought: UnsafeMutablePointer<UnsafePointer<UInt64>>
  private let slots: UnsafeMutablePointer<Int32>

  /// - Parameters:
  ///   - count: of the batch's keys.
  ///   - hash: the hash of the key at a place.
  @inline(__always)
  static func run<Result>(
    in memory: RowMemory, count: Int, hash: (Int) -> UInt64,
    _ body: (inout RowLookahead) -> Result
  ) -> Result {
    unsafe withUnsafeTemporaryAllocation(
      of: UnsafePointer<UInt64>.self, capacity: Self.ring
    ) { sought in
      unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: Self.ring) { slots in
        // SAFETY: both have room for a whole ring; every place is written before it is read.
        guard let sought = sought.baseAddress, let slots = slots.baseAddress else {
          preconditionFailure("no room for a lookahead")
        }
        var ahead = unsafe RowLookahead(memory, count, sought, slots)
        ahead.seek(0..<min(2 * Self.blockLength, count), hash: hash)
        ahead.locate(from: 0, hash: hash)
        return body(&ahead)
      }
    }
  }

  private init(
    _ memory: RowMemory, _ count: Int, _ sought: UnsafeMutablePointer<UnsafePointer<UInt64>>,
    _ slots: UnsafeMutablePointer<Int32>
  ) {
    self.memory = memory
    self.count = count
    self.revision = memory.indexRevision
    unsafe self.sought = sought
    unsafe self.slots = slots
  }

  /// To be called before the loop works on the block that begins at `start`.
  ///
  /// - Returns: where that block ends.
  @inline(__always)
  mutating func advance(to start: Int, hash: (Int) -> UInt64) -> Int {
    let next = start &+ Self.blockLength
    let last = next &+ Self.blockLength
    if self.memory.indexRevision != self.revision { self.seekAgain(from: next, hash: hash) }
    if last < self.count {
      self.seek(last..<min(last &+ Self.blockLength, self.count), hash: hash)
    }
    self.locate(from: next, hash: hash)
    return min(next, self.count)
  }

  @inline(__always)
  private func seek(_ places: Range<Int>, hash: (Int) -> UInt64) {
    for place in places {
      // SAFETY: inside the ring, whatever the place; likewise below.
      unsafe self.sought[place & (Self.ring - 1)] = self.memory.seek(hash: hash(place))
    }
  }

  /// The loop has added rows.
  private mutating func seekAgain(from start: Int, hash: (Int) -> UInt64) {
    self.revision = self.memory.indexRevision
    guard start < self.count else { return }
    self.seek(start..<min(start + Self.blockLength, self.count), hash: hash)
  }

  @inline(__always)
  private func locate(from start: Int, hash: (Int) -> UInt64) {
    guard start < self.count else { return }
    for place in start..<min(start &+ Self.blockLength, self.count) {
      let number = place & (Self.ring - 1)
      unsafe self.slots[number] = self.memory.locate(
        hash: hash(place), from: self.sought[number])
    }
  }

  /// A slot that may be the one of the key at `place`, in the present block: see `RowMemory`.
  @inline(__always)
  func slot(at place: Int) -> Int32 { unsafe self.slots[place & (Self.ring - 1)] }
}
