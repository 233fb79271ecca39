import CEkko
internal import EkkoCore

/// Rows by slot and key. Every access checks its slot against the capacity; whether a slot is in use
/// is the table's to know. Writing needs the memory exclusively: see `RowTable.reserve`.
extension RowMemory {
  /// The slot of `key`, or `nil`.
  @inline(__always)
  func slot(of key: UInt64) -> Int? {
    let hash = RowTable.hash(of: key)
    var bucket = Int(hash >> self.bucketShift)
    while true {
      // SAFETY: a bucket is below `bucketCount` (shift and mask); an entry's slot is below
      // the capacity because only `insertEntry` makes entries. The load ≤ 0.7 ends the probe.
      let entry = unsafe self.buckets[bucket]
      if entry == 0 { return nil }
      if (entry ^ hash) >> 32 == 0 {
        let slot = Int(UInt32(truncatingIfNeeded: entry)) - 1
        if unsafe self.heads[slot].key == key { return slot }
      }
      bucket = (bucket + 1) & (self.bucketCount - 1)
    }
  }

  /// How many rows of a batch are fetched at a time.
  static let phaseLength = 64

  /// Asks the processor for the rows that a batch is about to touch: first for all index entries,
  /// then for all rows, so that none waits for another.
  ///
  /// - Parameter key: the key at each place of `phase`.
  @inline(__always)
  func prefetch(_ phase: Range<Int>, key: (Int) -> UInt64) {
    for place in phase {
      let bucket = Int(RowTable.hash(of: key(place)) >> self.bucketShift)
      // SAFETY: a prefetch never faults.
      unsafe ekko_prefetch(self.buckets + bucket)
    }
    for place in phase {
      let bucket = Int(RowTable.hash(of: key(place)) >> self.bucketShift)
      // SAFETY: the shift leaves a bucket below `bucketCount`.
      let entry = unsafe self.buckets[bucket]
      // Mostly the key's own; if it is another's, a fetch was for nothing.
      let slot = Int(UInt32(truncatingIfNeeded: entry)) - 1
      if slot >= 0 { self.prefetchRow(slot) }
    }
  }

  /// Asks the processor for a row and what is kept beside it.
  @inline(__always)
  func prefetchRow(_ slot: Int) {
    self.prefetchHead(slot)
    // SAFETY: a prefetch never faults.
    unsafe ekko_prefetch(self.rows + slot * self.stride)
  }

  @inline(__always)
  func prefetchHead(_ slot: Int) {
    // SAFETY: a prefetch never faults.
    unsafe ekko_prefetch(self.heads + slot)
  }

  @inline(__always)
  func key(at slot: Int) -> UInt64 {
    precondition(slot >= 0 && slot < self.capacity)
    // SAFETY: slot < capacity, checked above; likewise below.
    return unsafe self.heads[slot].key
  }

  @inline(__always)
  func stamp(at slot: Int) -> RowTable.Stamp {
    precondition(slot >= 0 && slot < self.capacity)
    let head = unsafe self.heads[slot]
    return RowTable.Stamp(
      timestamp: Timestamp(rawValue: head.timestamp),
      origin: UInt32(truncatingIfNeeded: head.origin),
      isTombstone: head.origin & Self.tombstoneBit != 0, sequence: head.sequence)
  }

  @inline(__always)
  func sequence(at slot: Int) -> UInt64 {
    precondition(slot >= 0 && slot < self.capacity)
    return unsafe self.heads[slot].sequence
  }

  @inline(__always)
  func isTombstone(at slot: Int) -> Bool {
    precondition(slot >= 0 && slot < self.capacity)
    return unsafe self.heads[slot].origin & Self.tombstoneBit != 0
  }

  @inline(__always)
  func setStamp(_ stamp: RowTable.Stamp, at slot: Int) {
    precondition(slot >= 0 && slot < self.capacity)
    unsafe self.heads[slot].timestamp = stamp.timestamp.rawValue
    unsafe self.heads[slot].sequence = stamp.sequence
    unsafe self.heads[slot].origin =
      UInt64(stamp.origin) | (stamp.isTombstone ? Self.tombstoneBit : 0)
  }

  /// Takes a slot into use; it is stamped next.
  @inline(__always)
  func beginUse(of slot: Int, for key: UInt64) {
    precondition(slot >= 0 && slot < self.capacity)
    unsafe self.heads[slot] = RowHead(key: key, timestamp: 0, sequence: 0, origin: 0)
  }

  func endUse(of slot: Int) {
    precondition(slot >= 0 && slot < self.capacity)
    unsafe self.heads[slot].sequence = 0
  }

  private static let tombstoneBit: UInt64 = 1 << 63

  /// The bytes of the row in `slot`.
  @inline(__always)
  @_lifetime(borrow self)
  func bytes(at slot: Int) -> RawSpan {
    precondition(slot >= 0 && slot < self.capacity)
    // SAFETY: a slot below the capacity has `stride` bytes at this place, as long as we live.
    let row = unsafe RawSpan(_unsafeStart: self.rows + slot * self.stride, byteCount: self.stride)
    return unsafe _overrideLifetime(row, borrowing: self)
  }

  /// Replaces the bytes of the row in `slot` by `row`, which has the table's own layout.
  @inline(__always)
  func setBytes(_ row: RawSpan, at slot: Int) {
    precondition(
      slot >= 0 && slot < self.capacity && row.byteCount == self.stride, "a row of another size")
    // SAFETY: both sides have `stride` bytes, checked above.
    unsafe row.withUnsafeBytes { source in
      unsafe (self.rows + slot * self.stride).copyMemory(
        from: source.baseAddress!, byteCount: source.count)
    }
  }
}
