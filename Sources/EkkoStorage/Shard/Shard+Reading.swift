package import EkkoCore

/// Rows read from one table of one shard, in the order asked for.
package struct ShardRows: Hashable, Sendable {
  /// Zero for a key that has no row.
  package var timestamps: [Timestamp] = []
  package var origins: [IncarnationID?] = []
  /// Seconds since 1970; zero for a key that has no row.
  package var creations: [UInt32] = []
  /// Row-major Float32, zeros or initial weights where there is no row; empty for `bytes` tables.
  package var weights: [Float] = []
  package var contents: [[UInt8]] = []

  package init() {}

  /// Room for `count` rows of a table, all missing.
  package init(count: Int, schema: TableSchema) {
    self.timestamps = Array(repeating: .zero, count: count)
    self.origins = Array(repeating: nil, count: count)
    self.creations = Array(repeating: 0, count: count)
    if schema.valueType.isNumeric {
      self.weights = Array(repeating: 0, count: count * schema.rowLength)
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
    let index = Int(table.rawValue)
    let rows = self.tables[index]
    let memory = rows.memory
    let isNumeric = rows.schema.valueType.isNumeric
    let length = isNumeric ? rows.layout.rowLength : 0
    var result = ShardRows(count: keys.count, schema: rows.schema)
    var weights: [Float] = []
    swap(&weights, &result.weights)
    var elements = weights.mutableSpan
    var slots = RowMemory.Slots(repeating: -1)
    for (place, key) in keys.enumerated() {
      let number = place % RowMemory.phaseLength
      if number == 0 {
        let phase = place..<min(place + RowMemory.phaseLength, keys.count)
        memory.locate(phase, in: &slots) { keys[$0] }
      }
      var target = elements._mutatingExtracting((place * length)..<((place + 1) * length))
      guard let slot = memory.slot(of: key, near: slots[number]),
        case let stamp = memory.stamp(at: slot),
        self.isLive(stamp, table: index, at: now)
      else {
        if isNumeric, missing == .initialise {
          rows.schema.fillInitialWeights(&target, key: key)
        }
        continue
      }
      let bytes = memory.bytes(at: slot)
      result.timestamps[place] = stamp.timestamp
      result.origins[place] = self.origins[stamp.origin]
      result.creations[place] = rows.layout.creation(of: bytes)
      if isNumeric {
        rows.layout.readWeights(of: bytes, into: &target)
      } else {
        let value = rows.layout.value(of: bytes)
        result.contents[place] = unsafe value.withUnsafeBytes { unsafe Array($0) }
      }
    }
    result.weights = weights
    return result
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
