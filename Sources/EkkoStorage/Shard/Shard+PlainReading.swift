internal import CEkko
internal import EkkoCore

/// What comes most takes least: rows of Float32 that are there, all of one origin (DESIGN §6.2).
extension Shard {
  /// A batch of reads from one table of such rows.
  @safe
  struct PlainReads: ~Copyable {
    let memory: RowMemory
    /// Where the keys are in the request, and what is read of them in the columns.
    let places: UnsafePointer<UInt32>
    let keys: UnsafePointer<UInt64>
    let timestamps: UnsafeMutablePointer<Timestamp>
    let origins: UnsafeMutablePointer<IncarnationID>
    let creations: UnsafeMutablePointer<UInt32>
    let weights: UnsafeMutableRawPointer
    /// See `Shard.oldestAlive`.
    let oldestAlive: Timestamp
    let rowByteCount: Int
    let weightsOffset: Int
  }

  /// What a reader has seen of the rows of one origin, which neighbours mostly have.
  struct SeenOrigin {
    /// Index into the shard's table of origins; none at first.
    var origin = UInt32.max
    var name = IncarnationID.nobody
    var latest = Timestamp.zero
  }

  /// Reads the rows at `range` of the places, in one block, up to one that needs more care: it is not
  /// there, is deleted, has outlived its time, or is another origin's than those before.
  ///
  /// - Parameter slots: of the range, as the lookahead has found them.
  /// - Returns: the place of the row that it came to.
  @inline(__always)
  static func read(
    _ reads: borrowing PlainReads, _ range: Range<Int>, _ slots: UnsafePointer<Int32>,
    seen: inout SeenOrigin
  ) -> Int {
    unsafe withUnsafeTemporaryAllocation(
      of: UnsafeRawPointer.self, capacity: RowLookahead.blockLength
    ) { found in
      guard let found = found.baseAddress else { preconditionFailure("no room for a block") }
      let places = unsafe reads.places + range.lowerBound
      // One loop after the other, as in `overwrite`.
      let done = unsafe Self.readStamps(
        reads, places, slots, range.count, seen: &seen, found)
      let (creations, weights) = unsafe (reads.creations, reads.weights)
      let (start, byteCount) = (reads.weightsOffset, reads.rowByteCount)
      for number in 0..<done {
        let place = Int(unsafe places[number])
        let row = unsafe found[number]
        // SAFETY: a row of the table's own layout, found for this place.
        unsafe creations[place] = UInt32(
          littleEndian: row.load(fromByteOffset: RowLayout.creationOffset, as: UInt32.self))
        unsafe ekko_copy_row(weights + place &* byteCount, row + start, byteCount)
      }
      return range.lowerBound + done
    }
  }

  /// Reads the rows' versions.
  ///
  /// - Parameter found: gets where the rows are.
  @inline(__always)
  private static func readStamps(
    _ reads: borrowing PlainReads, _ places: UnsafePointer<UInt32>, _ slots: UnsafePointer<Int32>,
    _ count: Int, seen: inout SeenOrigin, _ found: UnsafeMutablePointer<UnsafeRawPointer>
  ) -> Int {
    let rows = unsafe reads.memory.rowPlaces
    let (keys, timestamps, origins) = unsafe (reads.keys, reads.timestamps, reads.origins)
    let (name, oldest) = (seen.name, reads.oldestAlive)
    // Of a row that is not deleted.
    let (origin, mask) = (UInt64(seen.origin), RowHead.tombstoneBit << 1 &- 1)
    var latest = seen.latest
    var number = 0
    while number < count {
      let slot = Int(unsafe slots[number])
      guard slot >= 0 else { break }
      // SAFETY: the caller has as many places as the range is of, each below the number of keys, and a
      // place in each column for each key; a slot that was in the index is below the capacity.
      let place = Int(unsafe places[number])
      let head = unsafe rows.head(slot)
      let row = unsafe head.pointee
      let timestamp = Timestamp(rawValue: row.timestamp)
      guard unsafe row.key == keys[place], row.arrival & mask == origin, timestamp >= oldest
      else { break }
      latest = max(latest, timestamp)
      unsafe timestamps[place] = timestamp
      unsafe origins[place] = name
      // SAFETY: the row's bytes follow its head.
      unsafe found[number] = UnsafeRawPointer(head + 1)
      number &+= 1
    }
    seen.latest = latest
    return number
  }
}
