import CEkko
internal import EkkoCore

/// Rows by slot and key. Every access checks its slot against the capacity; whether a slot is in use
/// is the table's to know. Writing needs the memory exclusively: see `RowTable.makeExclusive`.
extension RowMemory {
  // MARK: Finding

  /// The slot of `key`, or `nil`.
  @inline(__always)
  func slot(of key: UInt64) -> Int? {
    let hash = self.hash(of: key)
    let segment = self.segment(of: hash)
    var place = segment.home(of: UInt32(truncatingIfNeeded: hash >> 32))
    while true {
      // SAFETY: places lie below the capacity; an entry's slot is below that of the rows, because
      // only `insertEntry` makes entries. The load ≤ 0.7 ends the probe.
      let entry = unsafe segment.entries[place]
      if entry == 0 { return nil }
      if (entry ^ hash) >> 32 == 0 {
        let slot = Int(UInt32(truncatingIfNeeded: entry)) - 1
        if unsafe self.head(slot).pointee.key == key { return slot }
      }
      place = segment.next(place)
    }
  }

  @inline(__always)
  func hash(of key: UInt64) -> UInt64 { ShardFunction.hash(of: key, salt: self.salt) }

  /// The slot of `key`, which `locate` has found to be `located`; keys may have been added since.
  @inline(__always)
  func slot(of key: UInt64, near located: Int32) -> Int? {
    // SAFETY: a slot that was in the index is below the capacity.
    if located >= 0, unsafe self.head(Int(located)).pointee.key == key { return Int(located) }
    return self.slot(of: key)
  }

  // MARK: Rows

  /// Where the head of `slot` is; the row's bytes follow.
  @inline(__always)
  private func place(of slot: Int) -> UnsafeMutableRawPointer {
    // SAFETY: all callers have a slot below the capacity.
    unsafe self.parts.pointee.chunks[slot &>> self.chunkShift]
      + (slot & self.chunkMask) &* self.pitch
  }

  @inline(__always)
  func head(_ slot: Int) -> UnsafeMutablePointer<RowHead> {
    // SAFETY: blocks and the pitch are multiples of eight bytes.
    unsafe self.place(of: slot).assumingMemoryBound(to: RowHead.self)
  }

  /// The head of a slot, which must be one.
  @inline(__always)
  private func checkedHead(_ slot: Int) -> UnsafeMutablePointer<RowHead> {
    precondition(slot >= 0 && slot < self.capacity)
    return unsafe self.head(slot)
  }

  @inline(__always)
  func key(at slot: Int) -> UInt64 { unsafe self.checkedHead(slot).pointee.key }

  @inline(__always)
  func stamp(at slot: Int) -> RowTable.Stamp {
    let head = unsafe self.checkedHead(slot).pointee
    return RowTable.Stamp(
      timestamp: Timestamp(rawValue: head.timestamp),
      origin: UInt32(truncatingIfNeeded: head.arrival & 0xFFFF),
      isTombstone: head.arrival & RowHead.tombstoneBit != 0,
      sequence: head.arrival >> RowHead.sequenceShift)
  }

  @inline(__always)
  func sequence(at slot: Int) -> UInt64 {
    unsafe self.checkedHead(slot).pointee.arrival >> RowHead.sequenceShift
  }

  @inline(__always)
  func isTombstone(at slot: Int) -> Bool {
    unsafe self.checkedHead(slot).pointee.arrival & RowHead.tombstoneBit != 0
  }

  @inline(__always)
  func setStamp(_ stamp: RowTable.Stamp, at slot: Int) {
    self.own(slot)
    let head = unsafe self.checkedHead(slot)
    unsafe head.pointee.timestamp = stamp.timestamp.rawValue
    unsafe head.pointee.arrival =
      RowHead.arrival(sequence: stamp.sequence, origin: stamp.origin)
      | (stamp.isTombstone ? RowHead.tombstoneBit : 0)
  }

  /// Takes a slot into use; it is stamped next.
  func beginUse(of slot: Int, for key: UInt64) {
    self.own(slot)
    unsafe self.checkedHead(slot).pointee = RowHead(key: key, timestamp: 0, arrival: 0)
  }

  func endUse(of slot: Int) {
    self.own(slot)
    unsafe self.checkedHead(slot).pointee.arrival = 0
  }

  /// The bytes of the row in `slot`.
  @inline(__always)
  @_lifetime(borrow self)
  func bytes(at slot: Int) -> RawSpan {
    let row = unsafe RawSpan(_unsafeStart: self.row(slot), byteCount: self.stride)
    // SAFETY: a chunk lives as long as we do, unless it is changed, which its owner does not do while
    // it reads.
    return unsafe _overrideLifetime(row, borrowing: self)
  }

  /// Where the row in `slot` is, `stride` bytes.
  @inline(__always)
  func row(_ slot: Int) -> UnsafeMutableRawPointer {
    precondition(slot >= 0 && slot < self.capacity)
    // SAFETY: `stride` bytes follow each head.
    return unsafe self.place(of: slot) + MemoryLayout<RowHead>.stride
  }

  /// Replaces the bytes of the row in `slot` by `row`, which has the table's own layout.
  @inline(__always)
  func setBytes(_ row: RawSpan, at slot: Int) {
    precondition(row.byteCount == self.stride, "a row of another size")
    self.own(slot)
    // SAFETY: both sides have `stride` bytes, checked above.
    unsafe row.withUnsafeBytes { source in
      unsafe self.row(slot).copyMemory(from: source.baseAddress!, byteCount: source.count)
    }
  }
}
