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
        if unsafe self.keys[slot] == key { return slot }
      }
      bucket = (bucket + 1) & (self.bucketCount - 1)
    }
  }

  /// Asks the processor for the index entry of `key`: the first of a batch's three phases.
  @inline(__always)
  func prefetchIndex(_ key: UInt64) {
    // SAFETY: a prefetch never faults.
    unsafe ekko_prefetch(self.buckets + Int(RowTable.hash(of: key) >> self.bucketShift))
  }

  /// Asks the processor for a row and its version: the second phase.
  @inline(__always)
  func prefetchRow(_ slot: Int) {
    // SAFETY: a prefetch never faults.
    unsafe ekko_prefetch(self.timestamps + slot)
    unsafe ekko_prefetch(self.sequences + slot)
    unsafe ekko_prefetch(self.origins + slot)
    unsafe ekko_prefetch(self.rows + slot * self.stride)
  }

  @inline(__always)
  func stamp(at slot: Int) -> RowTable.Stamp {
    precondition(slot >= 0 && slot < self.capacity)
    // SAFETY: slot < capacity, checked above; likewise below.
    let origin = unsafe self.origins[slot]
    return unsafe RowTable.Stamp(
      timestamp: Timestamp(rawValue: self.timestamps[slot]),
      origin: origin & ~RowTable.tombstoneBit,
      isTombstone: origin & RowTable.tombstoneBit != 0, sequence: self.sequences[slot])
  }

  @inline(__always)
  func sequence(at slot: Int) -> UInt64 {
    precondition(slot >= 0 && slot < self.capacity)
    return unsafe self.sequences[slot]
  }

  @inline(__always)
  func setStamp(_ stamp: RowTable.Stamp, at slot: Int) {
    precondition(slot >= 0 && slot < self.capacity)
    unsafe self.timestamps[slot] = stamp.timestamp.rawValue
    unsafe self.origins[slot] =
      stamp.origin | (stamp.isTombstone ? RowTable.tombstoneBit : 0)
    unsafe self.sequences[slot] = stamp.sequence
  }

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
