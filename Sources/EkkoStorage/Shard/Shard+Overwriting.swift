internal import EkkoCore

/// What comes most takes least: new weights for rows that are there, stored as they come (DESIGN §6.2).
extension Shard {
  /// A batch of such writes to one table.
  @safe
  struct PlainPuts: ~Copyable {
    let table: Int
    let memory: RowMemory
    /// Where the keys, and their rows in the weights, are in the request.
    let places: UnsafePointer<UInt32>
    let keys: UnsafePointer<UInt64>
    let weights: UnsafeRawPointer
    let origin: UInt32
    let now: Instant
    /// See `Shard.oldestAlive`.
    let oldestAlive: Timestamp
    let rowByteCount: Int
  }

  /// Overwrites the rows at `range` of the places, in one block, up to one that needs more care: it is
  /// not there, is deleted, has outlived its time, or has a version beyond the clock.
  ///
  /// - Parameter staged: gets the arrivals, of which the update cache is told later.
  /// - Returns: the place of the row that it came to.
  mutating func overwrite(
    _ puts: borrowing PlainPuts, _ range: Range<Int>, ahead: borrowing RowLookahead,
    staged: inout StagedArrivals, times: inout IssuedTimes
  ) -> Int {
    // Rows whose versions the clock is past get consecutive times.
    var clock = self.clock
    let first = clock.next(wall: puts.now.wall).rawValue
    if staged.isFull { self.append(&staged) }
    if puts.memory.isShared {
      for number in range where ahead.slot(at: number) >= 0 {
        puts.memory.own(Int(ahead.slot(at: number)))
      }
    }
    let sequence = self.arrival &+ staged.next
    let done = unsafe Self.overwrite(
      puts, range, ahead.slots(from: range.lowerBound), from: first, sequence, &staged)
    guard done > 0 else { return range.lowerBound }
    self.clock = HybridClock(last: Timestamp(rawValue: first &+ UInt64(done - 1)))
    times.append(from: Timestamp(rawValue: first), count: done)
    if !self.walks.isEmpty {
      for number in 0..<done {
        self.noteRewrite(
          table: puts.table, slot: Int(ahead.slot(at: range.lowerBound + number)),
          replaced: staged.replaced[staged.count - done + number])
      }
    }
    return range.lowerBound + done
  }

  /// - Parameters:
  ///   - slots: of the range, as the lookahead has found them.
  ///   - first: the time of the first row.
  ///   - sequence: the arrival of the first row.
  /// - Returns: how many rows were overwritten.
  @inline(__always)
  private static func overwrite(
    _ puts: borrowing PlainPuts, _ range: Range<Int>, _ slots: UnsafePointer<Int32>,
    from first: UInt64, _ sequence: UInt64, _ staged: inout StagedArrivals
  ) -> Int {
    unsafe withUnsafeTemporaryAllocation(
      of: UnsafeMutableRawPointer.self, capacity: RowLookahead.blockLength
    ) { found in
      guard let found = found.baseAddress else { preconditionFailure("no room for a block") }
      let places = unsafe puts.places + range.lowerBound
      // One loop after the other: together they would need more registers than there are.
      let done = unsafe Self.stamp(
        puts, places, slots, range.count, from: first, sequence, &staged, found)
      let (weights, byteCount) = unsafe (puts.weights, puts.rowByteCount)
      for number in 0..<done {
        let source = unsafe weights + Int(places[number]) &* byteCount
        // SAFETY: a full row of the table's own layout, found for this place.
        unsafe RowLayout.overwrite(found[number], withPlain: source, byteCount: byteCount)
      }
      return done
    }
  }

  /// Stamps the rows.
  ///
  /// - Parameter found: gets where the rows are.
  @inline(__always)
  private static func stamp(
    _ puts: borrowing PlainPuts, _ places: UnsafePointer<UInt32>, _ slots: UnsafePointer<Int32>,
    _ count: Int, from first: UInt64, _ sequence: UInt64, _ staged: inout StagedArrivals,
    _ found: UnsafeMutablePointer<UnsafeMutableRawPointer>
  ) -> Int {
    let rows = unsafe puts.memory.rowPlaces
    let (keys, oldest) = unsafe (puts.keys, puts.oldestAlive.rawValue)
    let age = first &- oldest
    let table = UInt16(truncatingIfNeeded: puts.table)
    let staging = unsafe staged.end
    var number = 0
    while number < count {
      let slot = Int(unsafe slots[number])
      guard slot >= 0 else { break }
      // SAFETY: the caller has as many places as the range is of, each below the number of keys, and a
      // row of weights for each key; a slot that was in the index is below the capacity.
      let head = unsafe rows.head(slot)
      let before = unsafe head.pointee
      // The time is neither earlier than that of the oldest row alive nor beyond the clock.
      guard unsafe before.key == keys[Int(places[number])],
        before.arrival & RowHead.tombstoneBit == 0, before.timestamp &- oldest < age
      else { break }
      let done = UInt64(truncatingIfNeeded: number)
      unsafe head.pointee.timestamp = first &+ done
      unsafe head.pointee.arrival = RowHead.arrival(
        sequence: sequence &+ done, origin: puts.origin)
      // SAFETY: there was room for a block. The row's bytes follow its head.
      unsafe staging.entry[number] = UpdateCache.Entry(
        table: table, slot: UInt32(truncatingIfNeeded: slot),
        timestamp: Timestamp(rawValue: first &+ done), origin: puts.origin)
      unsafe staging.former[number] = before.arrival >> RowHead.sequenceShift
      unsafe found[number] = UnsafeMutableRawPointer(head + 1)
      number &+= 1
    }
    staged.count &+= number
    return number
  }

  /// Tells the update cache of what has arrived: to be done before anything else arrives.
  mutating func append(_ staged: inout StagedArrivals) {
    guard staged.count > 0 else { return }
    self.cache.append(staged.entries, replacing: staged.replaced, from: self.arrival + 1)
    self.arrival += UInt64(staged.count)
    staged.count = 0
  }
}
