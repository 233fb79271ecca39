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
    guard !self.origins.retired.contains(self.incarnation) else { return false }
    return self.knowledge[self.incarnation] > .zero || self.knowledge.count < self.originLimit
  }

  private mutating func apply(
    _ write: ShardWrite, origin: UInt32, at now: Instant
  ) -> [Timestamp] {
    let index = Int(write.table.rawValue)
    self.tables[index].reserve(write.keys.count)
    // The loop works on a handle of its own: going through the array of tables costs a copy a row.
    var table = self.tables[index]
    var versions: [Timestamp] = []
    versions.reserveCapacity(write.keys.count)
    // Room for weights that are not stored as Float32; see `RowLayout`.
    var scratch = [Float](
      repeating: 0, count: table.schema.valueType.isNumeric ? table.layout.rowLength : 0)
    let schema = table.schema
    let latestKnown = self.knowledge.latestTime
    for (row, key) in write.keys.enumerated() {
      if row % RowMemory.phaseLength == 0 {
        table.memory.prefetch(row..<min(row + RowMemory.phaseLength, write.keys.count)) {
          write.keys[$0]
        }
      }
      versions.append(
        self.apply(
          write, row: row, key: key, origin: origin, to: &table, schema: schema,
          latestKnown: latestKnown, scratch: &scratch, at: now))
    }
    self.tables[index] = table
    return versions
  }

  private mutating func apply(
    _ write: ShardWrite, row: Int, key: UInt64, origin: UInt32, to table: inout RowTable,
    schema: TableSchema, latestKnown: Timestamp, scratch: inout [Float], at now: Instant
  ) -> Timestamp {
    let index = Int(write.table.rawValue)
    let known = table.slot(of: key)
    let stamp = known.map { table.stamp(at: $0) }
    // A row that is not here may have been deleted and forgotten, by a clock that was ahead of ours;
    // elsewhere its tombstone may still be there. All that is gone for good is known.
    let timestamp = self.clock.next(wall: now.wall, replacing: stamp?.timestamp ?? latestKnown)
    let isFresh =
      stamp.map { $0.isTombstone || self.isExpired($0.timestamp, table: index, at: now) } ?? true
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
    self.counters.rowsWritten += 1
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
