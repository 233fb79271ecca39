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
}

/// What stands in for a row that is missing.
package enum MissingRows: UInt8, Hashable, Sendable {
  case report = 1
  /// What the row would start with, so that readers need no special case for new features.
  case initialise = 2
}

extension Shard {
  /// The row of `key` as a reader may see it: neither deleted nor expired.
  @inline(__always)
  private func liveSlot(of key: UInt64, table: Int, at now: Instant) -> (Int, RowTable.Stamp)? {
    guard let slot = self.tables[table].slot(of: key) else { return nil }
    let stamp = self.tables[table].stamp(at: slot)
    guard !stamp.isTombstone, !self.isExpired(stamp.timestamp, table: table, at: now) else {
      return nil
    }
    return (slot, stamp)
  }

  /// Reads `keys` of one table as they are now.
  package func read(
    _ keys: [UInt64], of table: TableID, missing: MissingRows, at now: Instant
  ) -> ShardRows {
    let index = Int(table.rawValue)
    let rows = self.tables[index]
    let isNumeric = rows.schema.valueType.isNumeric
    let length = rows.layout.rowLength
    var result = ShardRows()
    if isNumeric { result.weights = Array(repeating: 0, count: keys.count * length) }
    for (place, key) in keys.enumerated() {
      if place % 64 == 0 {
        for ahead in keys[place..<min(place + 64, keys.count)] { rows.prefetchIndex(ahead) }
      }
      var weights = result.weights.mutableSpan
      let range = isNumeric ? (place * length)..<((place + 1) * length) : 0..<0
      var target = weights._mutatingExtracting(range)
      guard let (slot, stamp) = self.liveSlot(of: key, table: index, at: now) else {
        if isNumeric, missing == .initialise {
          rows.schema.fillInitialWeights(&target, key: key)
        }
        result.appendMissing(isNumeric: isNumeric)
        continue
      }
      if isNumeric {
        rows.layout.readWeights(of: rows.bytes(at: slot), into: &target)
      } else {
        let value = rows.layout.value(of: rows.bytes(at: slot))
        result.contents.append(unsafe value.withUnsafeBytes { unsafe Array($0) })
      }
      result.timestamps.append(stamp.timestamp)
      result.origins.append(self.origins[stamp.origin])
      result.creations.append(rows.layout.creation(of: rows.bytes(at: slot)))
    }
    return result
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
        guard let (_, stamp) = self.liveSlot(of: key, table: index, at: now) else { continue }
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

extension ShardRows {
  fileprivate mutating func appendMissing(isNumeric: Bool) {
    self.timestamps.append(.zero)
    self.origins.append(nil)
    self.creations.append(0)
    if !isNumeric { self.contents.append([]) }
  }
}
