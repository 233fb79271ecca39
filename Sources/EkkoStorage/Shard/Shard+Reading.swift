package import EkkoCore

/// Rows read from one table of one shard, in the order asked for.
package struct ShardRows: Hashable, Sendable {
  /// Zero for a key that has no row.
  package var timestamps: [Timestamp] = []
  /// `nobody` for a key that has no row.
  package var origins: [IncarnationID] = []
  /// Seconds since 1970; zero for a key that has no row.
  package var creations: [UInt32] = []
  /// Row-major Float32, zeros or initial weights where there is no row; empty for `bytes` tables.
  package var weights: [Float] = []
  package var contents: [[UInt8]] = []

  package init() {}

  /// Whether there is a row at `place`, and which version of it.
  package func version(at place: Int) -> ParameterVersion? {
    guard self.origins[place] != .nobody else { return nil }
    return ParameterVersion(timestamp: self.timestamps[place], origin: self.origins[place])
  }

  /// Room for `count` rows of a table, all missing.
  package init(count: Int, schema: TableSchema) {
    self.init(toFill: count, schema: schema)
    for place in self.weights.indices { self.weights[place] = 0 }
  }

  /// Room for `count` rows of a table, each of which `Shard.read` is going to fill: until then its weights
  /// are any numbers.
  package init(toFill count: Int, schema: TableSchema) {
    self.timestamps = Array(repeating: .zero, count: count)
    self.origins = Array(repeating: .nobody, count: count)
    self.creations = Array(repeating: 0, count: count)
    if schema.valueType.isNumeric {
      // To write zeros first would cost as much as the rows themselves.
      self.weights = unsafe Array(
        unsafeUninitializedCapacity: count * schema.rowLength
      ) { $1 = $0.count }
    } else {
      self.contents = Array(repeating: [], count: count)
    }
  }
}

/// What stands in for a row that is missing.
package enum MissingRows: UInt8, Hashable, Sendable {
  case report = 1
  /// What the row would start with, so that readers need no special case for new features.
  case initialise = 2
}

extension Shard {
  /// Whether a reader may see the row: it is neither deleted nor expired.
  @inline(__always)
  package func isLive(_ stamp: RowTable.Stamp, table: Int, at now: Instant) -> Bool {
    !stamp.isTombstone && !self.isExpired(stamp.timestamp, table: table, at: now)
  }

  /// Reads `keys` of one table as they are now.
  package func read(
    _ keys: [UInt64], of table: TableID, missing: MissingRows, at now: Instant
  ) -> ShardRows {
    let batch = ReadBatch([RowReads(table: table, keys: keys)])
    var rows = [ShardRows(count: keys.count, schema: self.tables[Int(table.rawValue)].schema)]
    if !keys.isEmpty { _ = self.read(batch[0], missing: missing, at: now, into: &rows) }
    return rows[0]
  }

  /// Reads the keys of this shard as they are now, and puts each row to its key's place.
  ///
  /// - Parameter rows: room for what is read of each table.
  /// - Returns: what a reader has seen by that: the knowledge, and rows beyond it.
  package func read(
    _ read: ShardRead, missing: MissingRows, at now: Instant, into rows: inout [ShardRows]
  ) -> VersionVector {
    var seen = self.knowledge
    for number in read.batch.parts.indices {
      let range = read.range(of: number)
      guard !range.isEmpty else { continue }
      let part = read.batch.parts[number]
      let cut = read.batch.cuts[number]
      var columns = ShardRows()
      swap(&columns, &rows[number])
      // Each column by itself: parts of one value cannot be written to at the same time.
      self.read(
        part, cut, range, missing: missing, at: now, seen: &seen,
        &columns.timestamps, &columns.origins, &columns.creations, &columns.weights,
        &columns.contents)
      swap(&columns, &rows[number])
    }
    return seen
  }

  private func read(
    _ read: RowReads, _ cut: ShardCut, _ range: Range<Int>, missing: MissingRows, at now: Instant,
    seen: inout VersionVector, _ stamps: inout [Timestamp], _ names: inout [IncarnationID],
    _ births: inout [UInt32], _ elements: inout [Float], _ contents: inout [[UInt8]]
  ) {
    let index = Int(read.table.rawValue)
    let (memory, layout) = (self.tables[index].memory, self.tables[index].layout)
    let oldestAlive = self.oldestAlive(table: index, at: now)
    let (keys, places) = (read.keys.span, cut.places(range))
    var timestamps = stamps.mutableSpan
    var origins = names.mutableSpan
    var creations = births.mutableSpan
    var weights = elements.mutableSpan
    var values = contents.mutableSpan
    var present = SeenOrigin()
    RowLookahead.run(in: memory, cut.hashes(range)) { ahead in
      var number = 0
      while number < places.count {
        let end = ahead.advance(to: number)
        while true {
          if layout.valueType == .float32 {
            number = Self.readPlain(
              memory, layout, number..<end, ahead, keys, places, oldestAlive, seen: &present,
              &timestamps, &origins, &creations, &weights)
          }
          guard number < end else { break }
          let place = Int(places[number])
          let slot = memory.slot(of: keys[place], near: ahead.slot(at: number))
          number += 1
          guard let slot, case let stamp = memory.stamp(at: slot), !stamp.isTombstone,
            stamp.timestamp >= oldestAlive
          else {
            self.fill(place, missing: missing, of: index, key: keys[place], &weights)
            continue
          }
          if stamp.origin != present.origin {
            seen.raise(to: present.latest, of: present.name)
            present = SeenOrigin(
              origin: stamp.origin, name: self.origins[stamp.origin], latest: stamp.timestamp)
          }
          present.latest = max(present.latest, stamp.timestamp)
          timestamps[place] = stamp.timestamp
          origins[place] = present.name
          let bytes = memory.bytes(at: slot)
          creations[place] = layout.creation(of: bytes)
          if layout.valueType.isNumeric {
            var row = weights._mutatingExtracting(layout.elementPlaces(ofRow: place))
            layout.readWeights(of: bytes, into: &row)
          } else {
            let value = layout.value(of: bytes)
            values[place] = unsafe value.withUnsafeBytes { unsafe Array($0) }
          }
        }
      }
    }
    seen.raise(to: present.latest, of: present.name)
  }

  /// What stands in for a missing row.
  private func fill(
    _ place: Int, missing: MissingRows, of table: Int, key: UInt64,
    _ weights: inout MutableSpan<Float>
  ) {
    let layout = self.tables[table].layout
    guard layout.valueType.isNumeric else { return }
    var row = weights._mutatingExtracting(layout.elementPlaces(ofRow: place))
    switch missing {
    case .report: row.update(repeating: 0)
    case .initialise: self.tables[table].schema.fillInitialWeights(&row, key: key)
    }
  }

  /// See `PlainReads`.
  @inline(__always)
  private static func readPlain(
    _ memory: RowMemory, _ layout: RowLayout, _ range: Range<Int>, _ ahead: borrowing RowLookahead,
    _ keys: Span<UInt64>, _ places: Span<UInt32>, _ oldestAlive: Timestamp,
    seen: inout SeenOrigin, _ timestamps: inout MutableSpan<Timestamp>,
    _ origins: inout MutableSpan<IncarnationID>, _ creations: inout MutableSpan<UInt32>,
    _ weights: inout MutableSpan<Float>
  ) -> Int {
    precondition(
      timestamps.count == keys.count && origins.count == keys.count
        && creations.count == keys.count && weights.count == keys.count * layout.rowLength,
      "columns of another length")
    return unsafe timestamps.withUnsafeMutableBufferPointer { timestamps in
      unsafe origins.withUnsafeMutableBufferPointer { origins in
        unsafe creations.withUnsafeMutableBufferPointer { creations in
          unsafe weights.withUnsafeMutableBufferPointer { weights in
            unsafe keys.withUnsafeBufferPointer { keys in
              unsafe places.withUnsafeBufferPointer { places in
                guard let keys = keys.baseAddress, let places = places.baseAddress,
                  let timestamps = timestamps.baseAddress, let origins = origins.baseAddress,
                  let creations = creations.baseAddress, let weights = weights.baseAddress
                else { return range.lowerBound }
                // SAFETY: lent out for the call; see `read` for what they hold.
                let reads = unsafe PlainReads(
                  memory: memory, places: places, keys: keys, timestamps: timestamps,
                  origins: origins, creations: creations,
                  weights: UnsafeMutableRawPointer(weights), oldestAlive: oldestAlive,
                  rowByteCount: layout.elementsRange.count,
                  weightsOffset: layout.elementsRange.lowerBound)
                return unsafe Self.read(
                  reads, range, ahead.slots(from: range.lowerBound), seen: &seen)
              }
            }
          }
        }
      }
    }
  }

  /// The rows, deleted ones among them, whose latest arrival came after `sequence`. O(rows).
  package func rows(arrivedAfter sequence: UInt64) -> [Walk.RowReference] {
    var found: [Walk.RowReference] = []
    for table in self.tables.indices {
      let memory = self.tables[table].memory
      for slot in 0..<self.tables[table].slotCount where memory.sequence(at: slot) > sequence {
        found.append(Walk.RowReference(table: UInt16(table), slot: UInt32(slot)))
      }
    }
    return found
  }

  /// The digest of this shard's live rows: XXH64 over (table, key, version, weights as sent to
  /// inference data centres), ordered by table and key. The same at every replica that knows the
  /// same updates, whatever form it holds.
  package func digest(at now: Instant) -> UInt64 {
    var hash = XXH64()
    for (index, rows) in self.tables.enumerated() {
      let serving = FormClass.serving.layout(of: rows.schema)
      var keys: [(key: UInt64, slot: Int)] = []
      for slot in 0..<rows.slotCount where rows.sequence(at: slot) != 0 {
        keys.append((rows.key(at: slot), slot))
      }
      keys.sort { $0.key < $1.key }
      var row = [UInt8](repeating: 0, count: serving.byteCount)
      for (key, slot) in keys {
        let stamp = rows.stamp(at: slot)
        guard self.isLive(stamp, table: index, at: now) else { continue }
        var header = ByteWriter(reservingCapacity: 26)
        header.write(UInt16(index))
        header.write(key)
        header.write(self.version(of: stamp))
        hash.update(unsafe header.bytes.span.bytes)
        var span = row.mutableSpan
        var target = unsafe span.mutableBytes
        serving.fill(&target, from: rows.bytes(at: slot), layout: rows.layout)
        hash.update(unsafe row.span.bytes.extracting(serving.weightsRange))
      }
    }
    return hash.finalize()
  }
}

extension VersionVector {
  /// What most rows have is known: nothing is copied then.
  fileprivate mutating func raise(to timestamp: Timestamp, of origin: IncarnationID) {
    guard origin != .nobody, timestamp > self[origin] else { return }
    self.observe(ParameterVersion(timestamp: timestamp, origin: origin))
  }
}
