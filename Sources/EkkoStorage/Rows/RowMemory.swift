internal import Synchronization

/// The flat memory that holds a table's rows: chunks of some ten kilobytes with rows, each behind its
/// head (key, version, arrival), and the segments of the key index. Both grow a piece at a
/// time, so that no insertion waits for the whole table to be moved.
///
/// A table changes only memory that it alone holds (`RowTable.makeExclusive`). Copies of a table share it
/// until then, and after that every piece that neither has changed since.
///
/// Every access names a slot below `capacity`, which is checked. What lookups need lies behind a fixed
/// address: a class property that may change costs a check of exclusive access each time.
@safe
// SAFETY (Sendable): a piece is written only by a `RowTable` that holds the only reference to this and
// to the piece (`clone`, `own`), so no two threads ever write, or read and write, at once.
final class RowMemory: @unchecked Sendable {
  /// Of a row's own bytes.
  let stride: Int
  /// From one row's head to the next.
  let pitch: Int
  /// Rows of a full chunk, as a power of two.
  let chunkShift: Int
  /// And one less than their number.
  let chunkMask: Int
  /// See `ShardFunction`.
  let salt: UInt64
  let parts: UnsafeMutablePointer<Parts>
  /// `nil` where the memory was given back: see `FreeSlots`. Zeros are read there.
  private var chunkBlocks: [MemoryBlock?] = []
  private var chunkRoom = 1
  var segmentOwners: [SegmentOwner]
  /// Whether pieces may be shared with a copy.
  private let mayShare = Atomic<Bool>(false)

  /// Where everything lies.
  @unsafe
  struct Parts {
    /// Where each chunk begins.
    var chunks: UnsafeMutablePointer<UnsafeMutableRawPointer>
    var capacity: Int
    /// The index: one for each value of the upper `63 - segmentShift` bits of a hash.
    var segments: UnsafeMutablePointer<Segment>
    var segmentShift: UInt64
    /// Goes up when a segment has gone to another place.
    var revision: UInt64 = 0
  }

  /// A full chunk has at most about so many bytes. What the last one of a table has to spare is small
  /// beside the others; as long as those are few, it grows from a part.
  private static let chunkByteCount = 36 << 10
  private static let largestChunkShift = 12
  private static let fewChunks = 4
  private static let firstPart = 2

  init(stride: Int, salt: UInt64) {
    precondition(stride > 0 && stride <= 1 << 26)
    self.stride = stride
    self.pitch = (MemoryLayout<RowHead>.stride + stride + 7) & ~7
    let rows = Self.chunkByteCount / self.pitch
    self.chunkShift = min(
      Self.largestChunkShift, max(1, Int.bitWidth - 1 - max(2, rows).leadingZeroBitCount))
    self.chunkMask = 1 << self.chunkShift - 1
    self.salt = salt
    let owner = SegmentOwner(
      capacity: SegmentOwner.smallestCapacity, prefix: 0, depth: 0, owner: 0)
    self.segmentOwners = [owner]
    let segments = UnsafeMutablePointer<Segment>.allocate(capacity: 1)
    unsafe segments.initialize(to: owner.segment)
    unsafe self.parts = .allocate(capacity: 1)
    unsafe self.parts.initialize(
      to: Parts(
        chunks: .allocate(capacity: 1), capacity: 0, segments: segments, segmentShift: 63))
  }

  private init(sharing other: RowMemory) {
    self.stride = other.stride
    self.pitch = other.pitch
    self.chunkShift = other.chunkShift
    self.chunkMask = other.chunkMask
    self.salt = other.salt
    self.chunkBlocks = other.chunkBlocks
    self.chunkRoom = max(1, other.chunkBlocks.count)
    self.segmentOwners = other.segmentOwners
    let theirs = unsafe other.parts.pointee
    let chunks = UnsafeMutablePointer<UnsafeMutableRawPointer>.allocate(capacity: self.chunkRoom)
    unsafe chunks.initialize(from: theirs.chunks, count: other.chunkBlocks.count)
    let segmentCount = unsafe 1 << (63 - theirs.segmentShift)
    let segments = UnsafeMutablePointer<Segment>.allocate(capacity: segmentCount)
    unsafe segments.initialize(from: theirs.segments, count: segmentCount)
    unsafe self.parts = .allocate(capacity: 1)
    unsafe self.parts.initialize(
      to: Parts(
        chunks: chunks, capacity: theirs.capacity, segments: segments,
        segmentShift: theirs.segmentShift))
    self.mayShare.store(true, ordering: .relaxed)
  }

  deinit {
    unsafe self.parts.pointee.chunks.deallocate()
    unsafe self.parts.pointee.segments.deallocate()
    unsafe self.parts.deallocate()
  }

  @inline(__always)
  var capacity: Int { unsafe self.parts.pointee.capacity }

  /// Where the index was found to be is good as long as this is the same.
  @inline(__always)
  var indexRevision: UInt64 { unsafe self.parts.pointee.revision }

  // MARK: Sharing

  /// Memory of its own for a table whose copy keeps this one: shares every piece until it is changed.
  func clone() -> RowMemory {
    self.mayShare.store(true, ordering: .relaxed)
    return RowMemory(sharing: self)
  }

  /// Finds out whether copies are gone; else each change of a row has to ask.
  func settleSharing() {
    guard self.isShared else { return }
    for index in self.chunkBlocks.indices
    where self.chunkBlocks[index] != nil
      && !isKnownUniquelyReferenced(&self.chunkBlocks[index])
    { return }
    for index in self.segmentOwners.indices
    where !isKnownUniquelyReferenced(&self.segmentOwners[index].block) { return }
    self.mayShare.store(false, ordering: .relaxed)
  }

  @inline(__always)
  var isShared: Bool { self.mayShare.load(ordering: .relaxed) }

  /// To be called before anything of `slot` is changed.
  @inline(__always)
  func own(_ slot: Int) {
    if self.isShared { self.ownChunk(slot >> self.chunkShift) }
  }

  @inline(never)
  private func ownChunk(_ index: Int) {
    guard !isKnownUniquelyReferenced(&self.chunkBlocks[index]) else { return }
    self.place(self.block(ofChunk: index).copy(), asChunk: index)
  }

  // MARK: Chunks

  private func rowCount(ofChunk index: Int) -> Int {
    min(1 << self.chunkShift, self.capacity - index << self.chunkShift)
  }

  /// Room for one row more.
  func grow() {
    let full = 1 << self.chunkShift
    let last = self.chunkBlocks.count - 1
    let used = last >= 0 ? self.rowCount(ofChunk: last) : full
    guard used < full else {
      self.addChunk(
        rows: last < 0 ? 2 : last < Self.fewChunks ? max(2, full / Self.firstPart) : full)
      return
    }
    let block = self.makeBlock(rows: used * 2)
    // SAFETY: the new block has room for twice as many rows as the old one holds.
    unsafe block.base.copyMemory(
      from: self.block(ofChunk: last).base, byteCount: used * self.pitch)
    unsafe self.parts.pointee.capacity += used
    self.place(block, asChunk: last)
  }

  /// Gives the memory of a chunk back: none of its slots is in use. They read as free from now on.
  func releaseChunk(_ index: Int) {
    self.chunkBlocks[index] = nil
    unsafe self.parts.pointee.chunks[index] = MemoryBlock.unbacked.base
  }

  /// Gets a chunk whose memory was given back new memory.
  func restoreChunk(_ index: Int) {
    precondition(self.chunkBlocks[index] == nil, "chunk \(index) has memory")
    self.place(self.makeBlock(rows: self.rowCount(ofChunk: index)), asChunk: index)
  }

  /// The memory of a chunk in which a slot is in use.
  private func block(ofChunk index: Int) -> MemoryBlock {
    guard let block = self.chunkBlocks[index] else {
      preconditionFailure("a row in chunk \(index), whose memory was given back")
    }
    return block
  }

  /// What chunks and index take.
  var byteCount: Int {
    self.chunkBlocks.reduce(0) { $0 + ($1?.byteCount ?? 0) }
      + self.segmentOwners.reduce(0) { $0 + $1.block.byteCount }
  }

  private func makeBlock(rows: Int) -> MemoryBlock {
    MemoryBlock(byteCount: rows * self.pitch)
  }

  private func addChunk(rows: Int) {
    precondition(self.capacity + rows < 1 << 31, "a table has at most 2^31 rows")
    if self.chunkBlocks.count == self.chunkRoom {
      let chunks = UnsafeMutablePointer<UnsafeMutableRawPointer>.allocate(
        capacity: self.chunkRoom * 2)
      // SAFETY: both have room for the chunks there are.
      unsafe chunks.initialize(from: self.parts.pointee.chunks, count: self.chunkRoom)
      unsafe self.parts.pointee.chunks.deallocate()
      unsafe self.parts.pointee.chunks = chunks
      self.chunkRoom *= 2
    }
    self.chunkBlocks.append(nil)
    unsafe self.parts.pointee.capacity += rows
    self.place(self.makeBlock(rows: rows), asChunk: self.chunkBlocks.count - 1)
  }

  /// From now on, lookups find chunk `index` in `block`.
  private func place(_ block: MemoryBlock, asChunk index: Int) {
    self.chunkBlocks[index] = block
    // SAFETY: there is room for as many places as there are chunks.
    unsafe (self.parts.pointee.chunks + index).initialize(to: block.base)
  }
}

/// What stands before a row's bytes. Whoever writes a row reads this first: apart, the two would be in one
/// cache line more.
struct RowHead {
  var key: UInt64
  var timestamp: UInt64
  /// From the top: 47 bits arrival sequence (zero for a free slot), one that marks a tombstone, 16 bits
  /// origin.
  var arrival: UInt64

  @inline(__always)
  static func arrival(sequence: UInt64, origin: UInt32) -> UInt64 {
    sequence << Self.sequenceShift | UInt64(origin)
  }

  static let sequenceShift: UInt64 = 17
  static let tombstoneBit: UInt64 = 1 << 16
}
