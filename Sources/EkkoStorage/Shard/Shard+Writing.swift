package import EkkoCore

/// Local writes at the primary (Ekko §4.3): stamped, applied, cached and known in one step.
extension Shard {
  /// More ids than this in a vector, and a replica refuses to become one more origin (DESIGN §5.1).
  package static let usualOriginLimit = 64

  /// The same of this shard. Each life of the catalogue's writer is an origin of it, also one that
  /// waits for an absent member before it can retire any: it must go on, for without its writes no
  /// member is ever let go. There is but one writer, so the vectors end where they can still be read.
  package var originLimit: Int {
    self.id == .catalogue ? VersionVector.entryLimit : Self.usualOriginLimit
  }

  /// Writes to this shard alone, as if they were a request's.
  package mutating func write(
    _ writes: [RowWrites], request: RequestID?, at now: Instant
  ) -> WriteOutcome {
    self.write(WriteBatch(writes)[0], request: request, at: now)
  }

  /// Applies the writes in order. A request that was applied before is not applied again.
  ///
  /// - Parameter isSentAgain: see `RequestWindow.lookUp`.
  package mutating func write(
    _ write: ShardWrite, request: RequestID?, isSentAgain: Bool = false, at now: Instant
  ) -> WriteOutcome {
    if let request {
      switch self.requests.lookUp(request, isSentAgain: isSentAgain) {
      case .repeated(let versions): return .repeated(versions)
      case .outsideWindow: return .outsideWindow
      case .new: break
      }
    }
    guard self.mayIssue else { return .notReady }
    let origin = self.origins.intern(self.incarnation)
    let before = self.clock.last
    var times = IssuedTimes()
    for number in write.batch.parts.indices {
      let range = write.range(of: number)
      guard !range.isEmpty else { continue }
      let part = write.batch.parts[number]
      self.tables[Int(part.table.rawValue)].makeExclusive()
      let cut = write.batch.cuts[number]
      self.apply(part, cut, range, origin: origin, at: now, times: &times)
    }
    if self.clock.last > before {
      self.knowledge.observe(
        ParameterVersion(timestamp: self.clock.last, origin: self.incarnation))
      #if PlantedBugs
        if PlantedBug.active != .shardVersionBeforeUpdate { self.issueShardVersion() }
      #else
        self.issueShardVersion()
      #endif
      self.finishArrivals(at: now)
    }
    if let request { self.requests.remember(request, versions: times) }
    return .applied(times)
  }

  /// Whether this life may issue versions: its rows can be trusted, and it may be an origin.
  var mayIssue: Bool { self.isTrusted && self.mayBeOrigin }

  /// Whether this life is an origin, or may become one.
  var mayBeOrigin: Bool {
    guard !self.origins.retired.contains(self.incarnation), self.origins.count < OriginTable.limit
    else { return false }
    return self.knowledge[self.incarnation] > .zero || self.knowledge.count < self.originLimit
  }

  /// - Parameters:
  ///   - range: where in the cut's order the shard's keys are.
  ///   - times: gets each row's version, in order.
  private mutating func apply(
    _ write: RowWrites, _ cut: ShardCut, _ range: Range<Int>, origin: UInt32, at now: Instant,
    times: inout IssuedTimes
  ) {
    let index = Int(write.table.rawValue)
    let memory = self.tables[index].memory
    let places = cut.places(range)
    var refused = 0
    if write.kind == .put, self.tables[index].takesPlainPuts,
      case .numbers(let floats) = write.values
    {
      let layout = self.tables[index].layout
      let oldestAlive = self.oldestAlive(table: index, at: now)
      precondition(
        floats.count == write.keys.count * layout.rowLength, "weights of another row length")
      unsafe places.withUnsafeBufferPointer { places in
        unsafe write.keys.withUnsafeBufferPointer { keys in
          unsafe floats.withBytes { weights in
            guard let places = places.baseAddress, let keys = keys.baseAddress,
              let weights = weights.baseAddress
            else { return }
            // SAFETY: lent out for the call; see `overwrite` for what they hold.
            let puts = unsafe PlainPuts(
              table: index, memory: memory, places: places, keys: keys, weights: weights,
              origin: origin, now: now, oldestAlive: oldestAlive,
              rowByteCount: layout.weightsRange.count)
            self.apply(write, cut, range, origin, now, &times, &refused) {
              shard, rows, ahead, staged, times in
              shard.overwrite(puts, rows, ahead: ahead, staged: &staged, times: &times)
            }
          }
        }
      }
    } else {
      self.apply(write, cut, range, origin, now, &times, &refused) { _, rows, _, _, _ in
        rows.lowerBound
      }
    }
    self.counters.rowsWritten += UInt64(range.count - refused)
  }

  /// - Parameter fastPath: does a part of a range of rows, from its beginning, and says where that ends.
  @inline(__always)
  private mutating func apply(
    _ write: RowWrites, _ cut: ShardCut, _ range: Range<Int>, _ origin: UInt32, _ now: Instant,
    _ times: inout IssuedTimes, _ refused: inout Int,
    fastPath: (
      inout Shard, Range<Int>, borrowing RowLookahead, inout StagedArrivals, inout IssuedTimes
    ) -> Int
  ) {
    let memory = self.tables[Int(write.table.rawValue)].memory
    let places = cut.places(range)
    // Room for weights that are not stored as Float32 (see `RowLayout`), and for those of one row.
    var (scratch, weights) = ([Float](), [Float]())
    let latestKnown = self.knowledge.latestTime
    RowLookahead.run(in: memory, cut.hashes(range)) { ahead in
      StagedArrivals.withRoom { staged in
        var number = 0
        while number < places.count {
          let end = ahead.advance(to: number)
          while true {
            number = fastPath(&self, number..<end, ahead, &staged, &times)
            guard number < end else { break }
            let row = Int(places[number])
            let known = memory.slot(of: write.keys[row], near: ahead.slot(at: number))
            let timestamp = self.apply(
              write, row: row, known: known, origin: origin, latestKnown: latestKnown,
              scratch: &scratch, weights: &weights, staged: &staged, at: now)
            if timestamp == .zero { refused += 1 }
            times.append(timestamp)
            number += 1
            guard number < end else { break }
          }
        }
        self.append(&staged)
      }
    }
  }

  /// Whether a write to the row begins it anew: it is deleted, or has outlived its time.
  @inline(__always)
  private func isFresh(_ stamp: RowTable.Stamp, table: Int, at now: Instant) -> Bool {
    stamp.isTombstone || self.isExpired(stamp.timestamp, table: table, at: now)
  }

  private mutating func apply(
    _ write: RowWrites, row: Int, known: Int?, origin: UInt32, latestKnown: Timestamp,
    scratch: inout [Float], weights: inout [Float], staged: inout StagedArrivals, at now: Instant
  ) -> Timestamp {
    let (index, key) = (Int(write.table.rawValue), write.keys[row])
    let memory = self.tables[index].memory
    let stamp = known.map { memory.stamp(at: $0) }
    // A row that is not here may have been deleted and forgotten, by a clock that was ahead of ours;
    // elsewhere its tombstone may still be there. All that is gone for good is known.
    let timestamp = self.clock.next(wall: now.wall, replacing: stamp?.timestamp ?? latestKnown)
    let isFresh = stamp.map { self.isFresh($0, table: index, at: now) } ?? true
    if write.kind == .push, isFresh, !self.tables[index].admits(key, attempt: timestamp) {
      return .zero
    }
    let slot = known ?? self.tables[index].insert(key)
    if write.kind != .delete {
      Self.change(
        write, row: row, slot: slot, of: &self.tables[index], isFresh: isFresh,
        scratch: &scratch, weights: &weights, at: now)
    }
    self.stampArrival(
      in: memory, index: index, slot: slot, timestamp: timestamp, origin: origin,
      isTombstone: write.kind == .delete, replaced: stamp?.sequence ?? 0, staged: &staged)
    return timestamp
  }

  /// Changes the bytes of one row as the write says; the caller stamps it.
  @inline(__always)
  private static func change(
    _ write: RowWrites, row: Int, slot: Int, of table: inout RowTable, isFresh: Bool,
    scratch: inout [Float], weights: inout [Float], at now: Instant
  ) {
    let (layout, schema) = (table.layout, table.schema)
    if layout.valueType.isNumeric, layout.valueType != .float32, scratch.isEmpty {
      scratch = [Float](repeating: 0, count: layout.rowLength)
    }
    var bytes = table.mutableBytes(at: slot)
    if case .numbers(let numbers) = write.values {
      weights.removeAll(keepingCapacity: true)
      numbers.append(
        (row * layout.rowLength)..<((row + 1) * layout.rowLength), to: &weights)
    }
    let part = weights.span
    var room = scratch.mutableSpan
    if isFresh {
      layout.initialise(
        &bytes, key: write.keys[row], creation: now.wall.seconds, schema: schema, scratch: &room)
    }
    switch write.values {
    case .none:
      break
    case .contents(let contents):
      let value = contents[row]
      unsafe layout.overwrite(&bytes, with: value.span.bytes)
    case .numbers:
      if write.kind == .put {
        layout.overwrite(&bytes, with: part, optimiser: schema.optimiser, scratch: &room)
      } else {
        layout.push(part, into: &bytes, optimiser: schema.optimiser, scratch: &room)
      }
    }
  }
}
