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
    for (number, part) in read.batch.reads.enumerated() {
      let range = read.range(of: number)
      guard !range.isEmpty else { continue }
      let cut = read.batch.cut.cuts[number]
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
    let expires = self.tables[index].schema.timeToLiveSeconds > 0
    let isNumeric = layout.valueType.isNumeric
    let length = isNumeric ? layout.rowLength : 0
    let (keys, places) = (read.keys.span, cut.order.span.extracting(range))
    var timestamps = stamps.mutableSpan
    var origins = names.mutableSpan
    var creations = births.mutableSpan
    var weights = elements.mutableSpan
    // Neighbours mostly have one origin.
    var (origin, latest) = (UInt32.max, Timestamp.zero)
    var name = IncarnationID.nobody
    RowLookahead.run(in: memory, cut.hashes.span.extracting(range)) { ahead in
      var number = 0
      while number < places.count {
        let end = ahead.advance(to: number)
        for number in number..<end {
          let place = Int(places[number])
          guard let slot = memory.slot(of: keys[place], near: ahead.slot(at: number)),
            case let stamp = memory.stamp(at: slot), !stamp.isTombstone,
            !expires || !self.isExpired(stamp.timestamp, table: index, at: now)
          else {
            if isNumeric {
              var row = weights._mutatingExtracting((place * length)..<((place + 1) * length))
              switch missing {
              case .report: row.update(repeating: 0)
              case .initialise:
                self.tables[index].schema.fillInitialWeights(&row, key: keys[place])
              }
            }
            continue
          }
          if stamp.origin != origin {
            seen.raise(to: latest, of: name)
            (origin, name) = (stamp.origin, self.origins[stamp.origin])
            latest = stamp.timestamp
          }
          latest = max(latest, stamp.timestamp)
          timestamps[place] = stamp.timestamp
          origins[place] = name
          let bytes = memory.bytes(at: slot)
          creations[place] = layout.creation(of: bytes)
          if isNumeric {
            var row = weights._mutatingExtracting((place * length)..<((place + 1) * length))
            layout.readWeights(of: bytes, into: &row)
          } else {
            let value = layout.value(of: bytes)
            contents[place] = unsafe value.withUnsafeBytes { unsafe Array($0) }
          }
        }
        number = end
      }
    }
    seen.raise(to: latest, of: name)
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
