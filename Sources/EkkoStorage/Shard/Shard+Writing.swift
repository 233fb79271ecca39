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

  /// Applies the writes in order. A request that was applied before is not applied again.
  ///
  /// - Parameter isSentAgain: see `RequestWindow.lookUp`.
  package mutating func write(
    _ writes: [ShardWrite], request: RequestID?, isSentAgain: Bool = false, at now: Instant
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
    let versions = writes.map { self.apply($0, origin: origin, at: now) }
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
    if let request { self.requests.remember(request, versions: versions) }
    return .applied(versions)
  }

  /// Whether this life may issue versions: its rows can be trusted, and it may be an origin.
  var mayIssue: Bool { self.isTrusted && self.mayBeOrigin }

  /// Whether this life is an origin, or may become one.
  var mayBeOrigin: Bool {
    guard !self.origins.retired.contains(self.incarnation), self.origins.count < OriginTable.limit
    else { return false }
    return self.knowledge[self.incarnation] > .zero || self.knowledge.count < self.originLimit
  }

  private mutating func apply(
    _ write: ShardWrite, origin: UInt32, at now: Instant
  ) -> [Timestamp] {
    self.tables[Int(write.table.rawValue)].makeExclusive()
    return write.withPlaces { places in
      unsafe Array(unsafeUninitializedCapacity: places.count) { versions, count in
        self.apply(write, at: places, origin: origin, at: now) { version in
          // SAFETY: called once for each place, so that there is room.
          unsafe versions.initializeElement(at: count, to: version)
          count += 1
        }
      }
    }
  }

  /// - Parameter note: gets each row's version, in order.
  private mutating func apply(
    _ write: ShardWrite, at places: Span<UInt32>, origin: UInt32, at now: Instant,
    _ note: (Timestamp) -> Void
  ) {
    let index = Int(write.table.rawValue)
    // The loop works on a handle of its own: going through the array of tables costs a copy a row.
    var table = self.tables[index]
    let (memory, layout, schema) = (table.memory, table.layout, table.schema)
    // Room for weights that are not stored as Float32; see `RowLayout`.
    var scratch = [Float](
      repeating: 0, count: schema.valueType.isNumeric ? layout.rowLength : 0)
    let latestKnown = self.knowledge.latestTime
    var refused = 0
    let keys = write.keys.span
    let length = layout.rowLength
    let floats: [Float] = if case .floats(let floats) = write.values { floats } else { [] }
    let weights = floats.span
    // What comes most takes least.
    let isPlain = write.kind == .put && layout.takesWeightsAsTheyAre(with: schema.optimiser)
    var slots = RowMemory.Slots(repeating: -1)
    for number in places.indices {
      let phasePlace = number % RowMemory.phaseLength
      if phasePlace == 0 {
        let phase = number..<min(number + RowMemory.phaseLength, places.count)
        memory.locate(phase, in: &slots) { keys[Int(places[$0])] }
      }
      let row = Int(places[number])
      let known = memory.slot(of: keys[row], near: slots[phasePlace])
      if isPlain, let slot = known, case let stamp = memory.stamp(at: slot),
        !self.isFresh(stamp, table: index, at: now)
      {
        let timestamp = self.clock.next(wall: now.wall, replacing: stamp.timestamp)
        memory.own(slot)
        // SAFETY: a full row of the table's own layout, which nobody else holds.
        unsafe layout.overwrite(
          memory.row(slot), withPlain: weights.extracting((row * length)..<((row + 1) * length)))
        self.stampArrival(
          in: memory, index: index, slot: slot, timestamp: timestamp, origin: origin,
          isTombstone: false, replaced: stamp.sequence)
        note(timestamp)
        continue
      }
      let timestamp = self.apply(
        write, row: row, known: known, key: keys[row], origin: origin, to: &table,
        schema: schema, latestKnown: latestKnown, scratch: &scratch, at: now)
      if timestamp == .zero { refused += 1 }
      note(timestamp)
    }
    self.tables[index] = table
    self.counters.rowsWritten += UInt64(places.count - refused)
  }

  /// Whether a write to the row begins it anew: it is deleted, or has outlived its time.
  @inline(__always)
  private func isFresh(_ stamp: RowTable.Stamp, table: Int, at now: Instant) -> Bool {
    stamp.isTombstone || self.isExpired(stamp.timestamp, table: table, at: now)
  }

  private mutating func apply(
    _ write: ShardWrite, row: Int, known: Int?, key: UInt64, origin: UInt32,
    to table: inout RowTable, schema: TableSchema, latestKnown: Timestamp,
    scratch: inout [Float], at now: Instant
  ) -> Timestamp {
    let index = Int(write.table.rawValue)
    let stamp = known.map { table.stamp(at: $0) }
    // A row that is not here may have been deleted and forgotten, by a clock that was ahead of ours;
    // elsewhere its tombstone may still be there. All that is gone for good is known.
    let timestamp = self.clock.next(wall: now.wall, replacing: stamp?.timestamp ?? latestKnown)
    let isFresh = stamp.map { self.isFresh($0, table: index, at: now) } ?? true
    if write.kind == .push, isFresh,
      !schema.admission.admits(key: key, seed: schema.seed, attempt: timestamp.rawValue)
    {
      return .zero
    }
    let slot = known ?? table.insert(key)
    if write.kind != .delete {
      Self.change(
        write, row: row, slot: slot, of: &table, schema: schema, isFresh: isFresh,
        scratch: &scratch, at: now)
    }
    self.stampArrival(
      in: table.memory, index: index, slot: slot, timestamp: timestamp, origin: origin,
      isTombstone: write.kind == .delete, replaced: stamp?.sequence ?? 0)
    return timestamp
  }

  /// Changes the bytes of one row as the write says; the caller stamps it.
  @inline(__always)
  private static func change(
    _ write: ShardWrite, row: Int, slot: Int, of table: inout RowTable, schema: TableSchema,
    isFresh: Bool, scratch: inout [Float], at now: Instant
  ) {
    let layout = table.layout
    var bytes = table.mutableBytes(at: slot)
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
    case .floats(let values):
      let part = values.span.extracting((row * layout.rowLength)..<((row + 1) * layout.rowLength))
      if write.kind == .put {
        layout.overwrite(&bytes, with: part, optimiser: schema.optimiser, scratch: &room)
      } else {
        layout.push(part, into: &bytes, optimiser: schema.optimiser, scratch: &room)
      }
    }
  }
}
