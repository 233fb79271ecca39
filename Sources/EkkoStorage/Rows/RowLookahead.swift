internal import EkkoCore

/// Goes ahead of a loop over a batch of keys, so that the memory works on the rows of the next block,
/// and on the index entries of the one after that, while the loop works on this one.
@safe
struct RowLookahead: ~Copyable {
  static let blockLength = 32
  private static let ring = 128

  private let memory: RowMemory
  private let hashes: UnsafePointer<UInt64>
  private let count: Int
  /// Of the index, when all that is in `sought` was found.
  private var revision: UInt64
  /// Where the probes of the keys begin, and the slots that were found: each key's at its place, round.
  /// Blocks lie in one piece.
  private let sought: UnsafeMutablePointer<UnsafePointer<UInt64>>
  private let slots: UnsafeMutablePointer<Int32>

  /// - Parameter hashes: of the batch's keys.
  @inline(__always)
  static func run(
    in memory: RowMemory, _ hashes: Span<UInt64>, _ body: (inout RowLookahead) -> Void
  ) {
    guard !hashes.isEmpty else { return }
    unsafe withUnsafeTemporaryAllocation(
      of: UnsafePointer<UInt64>.self, capacity: Self.ring
    ) { sought in
      unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: Self.ring) { slots in
        unsafe hashes.withUnsafeBufferPointer { hashes in
          // SAFETY: both have room for a whole ring; every place is written before it is read.
          guard let sought = sought.baseAddress, let slots = slots.baseAddress,
            let start = hashes.baseAddress
          else { preconditionFailure("no room for a lookahead") }
          var ahead = unsafe RowLookahead(memory, start, hashes.count, sought, slots)
          ahead.seek(from: 0)
          ahead.seek(from: Self.blockLength)
          ahead.locate(from: 0)
          body(&ahead)
        }
      }
    }
  }

  private init(
    _ memory: RowMemory, _ hashes: UnsafePointer<UInt64>, _ count: Int,
    _ sought: UnsafeMutablePointer<UnsafePointer<UInt64>>, _ slots: UnsafeMutablePointer<Int32>
  ) {
    self.memory = memory
    unsafe self.hashes = hashes
    self.count = count
    self.revision = memory.indexRevision
    unsafe self.sought = sought
    unsafe self.slots = slots
  }

  /// To be called before the loop works on the block that begins at `start`, a multiple of the length.
  ///
  /// - Returns: where that block ends.
  @inline(__always)
  mutating func advance(to start: Int) -> Int {
    let next = start &+ Self.blockLength
    if self.memory.indexRevision != self.revision {
      // The loop has added rows.
      self.revision = self.memory.indexRevision
      self.seek(from: next)
    }
    self.seek(from: next &+ Self.blockLength)
    self.locate(from: next)
    return min(next, self.count)
  }

  @inline(never)
  private func seek(from start: Int) {
    guard start < self.count else { return }
    let count = min(Self.blockLength, self.count &- start)
    // SAFETY: the block's places are below the count and inside the ring; likewise below.
    let hashes = unsafe self.hashes + start
    let sought = unsafe self.sought + start & (Self.ring - 1)
    let index = unsafe self.memory.index
    for number in 0..<count { unsafe sought[number] = index.seek(hash: hashes[number]) }
  }

  @inline(never)
  private func locate(from start: Int) {
    guard start < self.count else { return }
    let count = min(Self.blockLength, self.count &- start)
    let hashes = unsafe self.hashes + start
    let sought = unsafe self.sought + start & (Self.ring - 1)
    let slots = unsafe self.slots + start & (Self.ring - 1)
    let rows = unsafe self.memory.rowPlaces
    for number in 0..<count {
      unsafe slots[number] = rows.locate(hash: hashes[number], from: sought[number])
    }
  }

  /// A slot that may be the one of the key at `place`, in the present block: see `RowMemory`.
  @inline(__always)
  func slot(at place: Int) -> Int32 { unsafe self.slots[place & (Self.ring - 1)] }

  /// The slots from `place` on, to the end of its block.
  @unsafe
  @inline(__always)
  func slots(from place: Int) -> UnsafePointer<Int32> {
    unsafe UnsafePointer(self.slots + place & (Self.ring - 1))
  }
}
