internal import EkkoCore

/// What comes most takes least: new weights for rows that are there, stored as they come (DESIGN §6.2).
extension Shard {
  /// Overwrites rows from place `first` of a phase on, up to one that begins anew: it is not there, is
  /// deleted, or has outlived its time.
  ///
  /// - Parameters:
  ///   - places: where the phase's keys, and their rows in `weights`, are in the request.
  ///   - slots: what `locate` found for the phase.
  /// - Returns: the place in the phase that it came to.
  @inline(__always)
  mutating func overwrite(
    table: Int, _ memory: RowMemory, from first: Int, of places: Span<UInt32>,
    slots: Span<Int32>, keys: Span<UInt64>, weights: RawSpan, origin: UInt32,
    at now: Instant, times: inout IssuedTimes
  ) -> Int {
    guard slots[first] >= 0 else { return first }
    return unsafe withUnsafeTemporaryAllocation(
      of: UpdateCache.Arrival.self, capacity: RowMemory.phaseLength
    ) { arrivals in
      let layout = self.tables[table].layout
      let expires = self.tables[table].schema.timeToLiveSeconds > 0
      let byteCount = layout.rowLength * MemoryLayout<Float>.stride
      let (isShared, isWatched) = (memory.isShared, !self.walks.isEmpty)
      var clock = self.clock
      let begin = self.arrival + 1
      var number = first
      while number < places.count {
        let slot = Int(slots[number])
        guard slot >= 0 else { break }
        let place = Int(places[number])
        if isShared { memory.own(slot) }
        // SAFETY: a slot that was in the index is below the capacity.
        let head = unsafe memory.head(slot)
        let before = unsafe head.pointee
        guard before.key == keys[place], before.arrival & RowHead.tombstoneBit == 0 else { break }
        let former = Timestamp(rawValue: before.timestamp)
        if expires, self.isExpired(former, table: table, at: now) { break }
        let time = clock.next(wall: now.wall, replacing: former)
        let done = number - first
        unsafe head.pointee.timestamp = time.rawValue
        unsafe head.pointee.arrival = RowHead.arrival(
          sequence: begin &+ UInt64(truncatingIfNeeded: done), origin: origin)
        // SAFETY: the row's bytes follow its head: a full row of the table's own layout.
        unsafe layout.overwrite(
          UnsafeMutableRawPointer(head + 1),
          withPlain: weights.extracting((place * byteCount)..<((place + 1) * byteCount)))
        let replaced = before.arrival >> RowHead.sequenceShift
        // SAFETY: a phase has no more places than there is room for.
        unsafe arrivals.initializeElement(
          at: done,
          to: UpdateCache.Arrival(
            entry: UpdateCache.Entry(
              table: UInt16(truncatingIfNeeded: table), slot: UInt32(truncatingIfNeeded: slot),
              timestamp: time, origin: origin),
            replaced: replaced))
        times.append(time)
        if isWatched { self.noteRewrite(table: table, slot: slot, replaced: replaced) }
        number += 1
      }
      let count = number - first
      guard count > 0 else { return first }
      self.clock = clock
      self.arrival += UInt64(count)
      // SAFETY: so many were initialised.
      self.cache.append(
        unsafe Span(_unsafeElements: UnsafeBufferPointer(rebasing: arrivals[..<count])),
        from: begin)
      return number
    }
  }
}
