internal import EkkoCore

/// The key index: entries of 8 bytes, the upper half of the key's hash and its slot, in segments that
/// grow one at a time (extendible hashing over linear probing).
///
/// The upper bits of a hash choose the segment, the next ones the place in it, in order: so a segment
/// grows by any factor in one pass from front to back, and by its entries alone. Load stays ≤ 0.7. A
/// segment that has become much emptier shrinks.
extension RowMemory {
  /// A segment as lookups see it.
  @safe
  struct Segment {
    var entries: UnsafeMutablePointer<UInt64>
    var capacity: UInt32
    /// How many upper bits of the hash are the same in all of it.
    var depth: UInt16
    /// Its place in `segmentOwners`.
    var owner: UInt16

    /// Where the probe for a hash, of which `upper` is the upper half, begins.
    @inline(__always)
    func home(of upper: UInt32) -> Int {
      Int((UInt64(upper &<< UInt32(self.depth)) &* UInt64(self.capacity)) >> 32)
    }

    @inline(__always)
    func next(_ place: Int) -> Int { place + 1 == Int(self.capacity) ? 0 : place + 1 }

    /// Adds an entry that is not there. There is room.
    @inline(__always)
    func insert(_ entry: UInt64) {
      var place = self.home(of: UInt32(truncatingIfNeeded: entry >> 32))
      // SAFETY: places lie below the capacity; likewise below. An empty one ends the probe.
      while unsafe self.entries[place] != 0 { place = self.next(place) }
      unsafe self.entries[place] = entry
    }

    /// Removes the entry of `slot` and closes the gap, so that no probe is broken.
    func remove(upper: UInt32, slot: Int) {
      var gap = self.home(of: upper)
      while unsafe UInt32(truncatingIfNeeded: self.entries[gap]) != UInt32(slot + 1) {
        precondition(unsafe self.entries[gap] != 0, "no index entry for slot \(slot)")
        gap = self.next(gap)
      }
      let capacity = Int(self.capacity)
      var place = self.next(gap)
      while unsafe self.entries[place] != 0 {
        let home = self.home(of: UInt32(truncatingIfNeeded: unsafe self.entries[place] >> 32))
        let distance = (place - home + capacity) % capacity
        if distance >= (place - gap + capacity) % capacity {
          unsafe self.entries[gap] = self.entries[place]
          gap = place
        }
        place = self.next(place)
      }
      unsafe self.entries[gap] = 0
    }
  }

  /// Who owns a segment, and what only its changes need.
  struct SegmentOwner {
    var block: MemoryBlock
    var segment: Segment
    var count = 0
    /// The upper bits that all its hashes have.
    let prefix: Int

    static let smallestCapacity = 4
    /// A segment with more entries is split, so that none takes long to grow.
    private static let splitCount = 32_768
    private static let largestDepth: UInt16 = 12
    /// Smaller segments double; others grow by about a quarter, which keeps them well filled.
    private static let doubledCapacity = 1024
    /// Larger ones grow by more or less than others.
    private static let alikeCapacity = 64

    init(capacity: Int, prefix: Int, depth: UInt16, owner: UInt16) {
      // One more, always empty: a probe that does not go round ends there.
      self.block = MemoryBlock(byteCount: (capacity + 1) * MemoryLayout<UInt64>.stride)
      self.prefix = prefix
      unsafe self.segment = Segment(
        entries: self.block.base.assumingMemoryBound(to: UInt64.self), capacity: UInt32(capacity),
        depth: depth, owner: owner)
    }

    var capacity: Int { Int(self.segment.capacity) }
    var depth: UInt16 { self.segment.depth }
    var isFull: Bool { (self.count + 1) * 10 > self.capacity * 7 }
    var isSparse: Bool {
      self.capacity > Self.doubledCapacity / 16 && self.count * 8 < self.capacity
    }
    var shouldSplit: Bool { self.count >= Self.splitCount && self.depth < Self.largestDepth }

    /// How large the segment should be when it is full.
    ///
    /// - Parameter hash: of the key that did not fit. By chance it makes the capacity a little smaller or
    ///   larger: segments and shards fill at the same pace, and would all grow in the same batch.
    func grownCapacity(by hash: UInt64) -> Int {
      let growth =
        self.capacity < Self.doubledCapacity ? self.capacity * 7 / 8 : self.capacity / 8
      guard self.capacity > Self.alikeCapacity else { return self.capacity * 2 }
      return self.capacity + growth + self.capacity / 4 * Int(hash & 0xFF) / 0xFF
    }

    static func fittingCapacity(for count: Int) -> Int {
      max(Self.smallestCapacity, count * 10 / 6 + 1)
    }

    mutating func copyBlock() {
      self.block = self.block.copy()
      unsafe self.segment.entries = self.block.base.assumingMemoryBound(to: UInt64.self)
    }

    mutating func resize(to capacity: Int) {
      var other = SegmentOwner(
        capacity: capacity, prefix: self.prefix, depth: self.depth, owner: self.segment.owner)
      self.forEachEntry { other.segment.insert($0) }
      other.count = self.count
      self = other
    }

    /// Keeps the entries whose next bit is 0; the others become the segment `owner`.
    mutating func split(into owner: UInt16) -> SegmentOwner {
      let bit = UInt64(63 - self.depth)
      var ones = 0
      self.forEachEntry { ones += Int($0 >> bit & 1) }
      var low = SegmentOwner(
        capacity: Self.fittingCapacity(for: self.count - ones), prefix: self.prefix << 1,
        depth: self.depth + 1, owner: self.segment.owner)
      var high = SegmentOwner(
        capacity: Self.fittingCapacity(for: ones), prefix: self.prefix << 1 | 1,
        depth: self.depth + 1, owner: owner)
      (low.count, high.count) = (self.count - ones, ones)
      self.forEachEntry { entry in
        if entry >> bit & 1 == 0 {
          low.segment.insert(entry)
        } else {
          high.segment.insert(entry)
        }
      }
      self = low
      return high
    }

    private func forEachEntry(_ body: (UInt64) -> Void) {
      for place in 0..<self.capacity {
        // SAFETY: `place` lies below the capacity.
        let entry = unsafe self.segment.entries[place]
        if entry != 0 { body(entry) }
      }
    }
  }

  /// The segment that `hash` belongs to.
  @inline(__always)
  func segment(of hash: UInt64) -> Segment {
    let parts = unsafe self.parts.pointee
    // SAFETY: the shift leaves a place of the directory.
    return unsafe parts.segments[Int(truncatingIfNeeded: (hash >> 1) &>> parts.segmentShift)]
  }

  /// Adds an index entry for a key known to be absent.
  func insertEntry(hash: UInt64, slot: Int) {
    var owner = Int(self.segment(of: hash).owner)
    while self.segmentOwners[owner].isFull {
      if self.segmentOwners[owner].shouldSplit {
        self.split(owner)
        owner = Int(self.segment(of: hash).owner)
      } else {
        self.segmentOwners[owner].resize(
          to: self.segmentOwners[owner].grownCapacity(by: hash))
        self.publish(owner)
      }
    }
    self.ownSegment(owner)
    self.segmentOwners[owner].count += 1
    self.segmentOwners[owner].segment.insert(
      hash & 0xFFFF_FFFF_0000_0000 | UInt64(slot + 1))
  }

  func removeEntry(hash: UInt64, slot: Int) {
    let owner = Int(self.segment(of: hash).owner)
    self.ownSegment(owner)
    self.segmentOwners[owner].count -= 1
    self.segmentOwners[owner].segment.remove(
      upper: UInt32(truncatingIfNeeded: hash >> 32), slot: slot)
    guard self.segmentOwners[owner].isSparse else { return }
    self.segmentOwners[owner].resize(
      to: SegmentOwner.fittingCapacity(for: self.segmentOwners[owner].count))
    self.publish(owner)
  }

  /// To be called before the entries of segment `owner` are changed.
  @inline(__always)
  private func ownSegment(_ owner: Int) {
    guard self.isShared else { return }
    guard !isKnownUniquelyReferenced(&self.segmentOwners[owner].block) else { return }
    self.segmentOwners[owner].copyBlock()
    self.publish(owner)
  }

  private func split(_ owner: Int) {
    let depth = unsafe 63 - self.parts.pointee.segmentShift
    if UInt64(self.segmentOwners[owner].depth) == depth { self.doubleDirectory() }
    let other = self.segmentOwners[owner].split(into: UInt16(self.segmentOwners.count))
    self.segmentOwners.append(other)
    self.publish(owner)
    self.publish(self.segmentOwners.count - 1)
  }

  /// Writes segment `owner` to its places in the directory.
  private func publish(_ owner: Int) {
    unsafe self.parts.pointee.revision += 1
    let depth = unsafe 63 - Int(self.parts.pointee.segmentShift)
    let spare = depth - Int(self.segmentOwners[owner].depth)
    let first = self.segmentOwners[owner].prefix << spare
    for place in first..<(first + 1 << spare) {
      // SAFETY: a prefix of at most `depth` bits, filled up, is a place of the directory.
      unsafe self.parts.pointee.segments[place] = self.segmentOwners[owner].segment
    }
  }

  private func doubleDirectory() {
    let parts = unsafe self.parts.pointee
    let count = unsafe 1 << (63 - parts.segmentShift)
    let segments = UnsafeMutablePointer<Segment>.allocate(capacity: count * 2)
    // SAFETY: twice as many places, each filled from the one whose prefix it has.
    for place in 0..<(count * 2) {
      unsafe (segments + place).initialize(to: parts.segments[place / 2])
    }
    unsafe parts.segments.deallocate()
    unsafe self.parts.pointee.segments = segments
    unsafe self.parts.pointee.segmentShift -= 1
  }
}
