import CEkko
internal import EkkoCore

/// Index and rows as loops over many keys see them: what would have to be looked up again for each key
/// is looked up once.
extension RowMemory {
  /// The index, as long as `indexRevision` is the same.
  @unsafe
  struct Index {
    fileprivate let segments: UnsafeMutablePointer<Segment>
    fileprivate let shift: UInt64

    /// Asks the processor for the index entry of a key that is about to be located.
    ///
    /// - Returns: where the probe begins.
    @inline(__always)
    func seek(hash: UInt64) -> UnsafePointer<UInt64> {
      // SAFETY: the shift leaves a place of the directory; the home lies below the capacity; a prefetch
      // never faults.
      let segment = unsafe self.segments[Int(truncatingIfNeeded: (hash >> 1) &>> self.shift)]
      let entry = unsafe UnsafePointer(
        segment.entries + segment.home(of: UInt32(truncatingIfNeeded: hash >> 32)))
      unsafe ekko_prefetch(entry)
      return unsafe entry
    }
  }

  @inline(__always)
  var index: Index {
    unsafe Index(
      segments: self.parts.pointee.segments, shift: self.parts.pointee.segmentShift)
  }

  /// Where rows are, as long as none is added and no chunk shared.
  @unsafe
  struct RowPlaces {
    fileprivate let chunks: UnsafeMutablePointer<UnsafeMutableRawPointer>
    fileprivate let shift: Int
    fileprivate let mask: Int
    fileprivate let pitch: Int
    fileprivate let prefetched: Int

    /// The head of `slot`, which is below the capacity; the row's bytes follow.
    @inline(__always)
    func head(_ slot: Int) -> UnsafeMutablePointer<RowHead> {
      // SAFETY: blocks and the pitch are multiples of eight bytes.
      unsafe (self.chunks[slot &>> self.shift] + (slot & self.mask) &* self.pitch)
        .assumingMemoryBound(to: RowHead.self)
    }

    /// Asks the processor for a row and its head.
    @inline(__always)
    func prefetch(_ slot: Int) {
      var line = unsafe UnsafeRawPointer(self.head(slot))
      // SAFETY: a prefetch never faults.
      let last = unsafe line + self.prefetched
      while unsafe line < last {
        unsafe ekko_prefetch(line)
        unsafe line += 64
      }
      unsafe ekko_prefetch(last)
    }

    /// Asks the processor for the row of a key that is about to be read or written.
    ///
    /// - Parameter start: where its probe begins: see `Index.seek`.
    /// - Returns: a slot whose key has the same upper half of its hash, mostly the key's own: see
    ///   `slot(of:near:)`; −1 if there is none this side of the segment's end.
    @inline(__always)
    func locate(hash: UInt64, from start: UnsafePointer<UInt64>) -> Int32 {
      var place = unsafe start
      while true {
        // SAFETY: the entry after a segment's last one is empty, and ends the probe.
        let entry = unsafe place.pointee
        if entry == 0 { return -1 }
        if (entry ^ hash) >> 32 == 0 {
          let slot = Int(UInt32(truncatingIfNeeded: entry)) &- 1
          unsafe self.prefetch(slot)
          return Int32(truncatingIfNeeded: slot)
        }
        unsafe place += 1
      }
    }
  }

  @inline(__always)
  var rowPlaces: RowPlaces {
    unsafe RowPlaces(
      chunks: self.parts.pointee.chunks, shift: self.chunkShift, mask: self.chunkMask,
      pitch: self.pitch, prefetched: min(self.pitch, Self.prefetchedByteCount) - 1)
  }

  /// The processor fetches the rest of a longer row by itself.
  private static let prefetchedByteCount = 576

  /// Asks the processor for a row and its head.
  @inline(__always)
  func prefetchRow(_ slot: Int) { unsafe self.rowPlaces.prefetch(slot) }
}
