internal import EkkoCore

/// What comes most takes least: new weights for rows that are there, stored as they come (DESIGN §6.2).
extension Shard {
  /// A batch of such writes to one table.
  struct PlainPuts: ~Escapable {
    let table: Int
    let memory: RowMemory
    let keys: Span<UInt64>
    /// Where the keys, and their rows in `weights`, are in the request.
    let places: Span<UInt32>
    let weights: RawSpan
    let origin: UInt32
    let now: Instant
    let expires: Bool
    let rowByteCount: Int
    let weightsOffset: Int

    @_lifetime(copy keys, copy places, copy weights)
    init(
      to table: Int, of shard: borrowing Shard, keys: Span<UInt64>, places: Span<UInt32>,
      weights: RawSpan, origin: UInt32, at now: Instant
    ) {
      self.table = table
      self.memory = shard.tables[table].memory
      self.keys = keys
      self.places = places
      self.weights = weights
      self.origin = origin
      self.now = now
      self.expires = shard.tables[table].schema.timeToLiveSeconds > 0
      let layout = shard.tables[table].layout
      self.rowByteCount = layout.weightsRange.count
      self.weightsOffset = layout.weightsRange.lowerBound
      precondition(
        weights.byteCount == keys.count * self.rowByteCount, "weights of another row length")
    }
  }

  /// Overwrites the rows at `range` of the places, up to one that begins anew: it is not there, is
  /// deleted, or has outlived its time.
  ///
  /// - Parameter staged: gets the arrivals, of which the update cache is told later.
  /// - Returns: the place of the row that it came to.
  @inline(__always)
  mutating func overwrite(
    _ puts: borrowing PlainPuts, _ range: Range<Int>, ahead: borrowing RowLookahead,
    staged: inout StagedArrivals, times: inout IssuedTimes
  ) -> Int {
    let isWatched = !self.walks.isEmpty
    if staged.isFull { self.append(&staged) }
    if puts.memory.isShared {
      for number in range where ahead.slot(at: number) >= 0 {
        puts.memory.own(Int(ahead.slot(at: number)))
      }
    }
    let rows = unsafe puts.memory.rowPlaces
    var clock = self.clock
    defer { self.clock = clock }
    let arrival = self.arrival
    for number in range {
      let slot = Int(ahead.slot(at: number))
      guard slot >= 0 else { return number }
      let place = Int(puts.places[number])
      let key = puts.keys[place]
      // SAFETY: a slot that was in the index is below the capacity.
      let head = unsafe rows.head(slot)
      let before = unsafe head.pointee
      guard before.key == key, before.arrival & RowHead.tombstoneBit == 0 else { return number }
      let former = Timestamp(rawValue: before.timestamp)
      if puts.expires, self.isExpired(former, table: puts.table, at: puts.now) { return number }
      let time = clock.next(wall: puts.now.wall, replacing: former)
      let replaced = before.arrival >> RowHead.sequenceShift
      unsafe head.pointee.timestamp = time.rawValue
      unsafe head.pointee.arrival = RowHead.arrival(
        sequence: arrival &+ staged.next, origin: puts.origin)
      // SAFETY: the row's bytes follow its head: a full row of the table's own layout. The request has
      // a row of weights for each of its keys, and `place` is that of one.
      unsafe RowLayout.overwrite(
        UnsafeMutableRawPointer(head + 1), weightsAt: puts.weightsOffset,
        withPlain: puts.weights, at: place &* puts.rowByteCount, byteCount: puts.rowByteCount)
      staged.add(
        UpdateCache.Entry(
          table: UInt16(truncatingIfNeeded: puts.table), slot: UInt32(truncatingIfNeeded: slot),
          timestamp: time, origin: puts.origin),
        replacing: replaced)
      times.append(time)
      if isWatched { self.noteRewrite(table: puts.table, slot: slot, replaced: replaced) }
    }
    return range.upperBound
  }

  /// Tells the update cache of what has arrived: to be done before anything else arrives.
  @inline(__always)
  mutating func append(_ staged: inout StagedArrivals) {
    guard !staged.isEmpty else { return }
    self.cache.append(staged.entries, replacing: staged.replaced, from: self.arrival + 1)
    self.arrival += UInt64(staged.entries.count)
    staged.removeAll()
  }
}
