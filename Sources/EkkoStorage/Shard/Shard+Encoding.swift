internal import EkkoCore

/// Writing selected rows as items of a section, column by column (DESIGN §6.1).
extension Shard {
  /// The bytes a row of each table takes in an item, origins and headers aside.
  func wireByteCounts(formClass: FormClass) -> [Int] {
    self.tables.indices.map { self.wireLayout(table: $0, formClass: formClass).byteCount + 18 }
  }

  private func wireLayout(table: Int, formClass: FormClass) -> RowLayout {
    formClass == self.formClass
      ? self.tables[table].layout : formClass.layout(of: self.tables[table].schema)
  }

  /// Writes one item per table that has selected rows, and counts and checksums them.
  mutating func encode(_ selection: Selection, of walk: inout Walk, into writer: inout ByteWriter) {
    var cursor = ScanCursor()
    if case .scan(let reached) = walk.position { cursor = reached }
    let last = selection.slots.lastIndex { !$0.isEmpty }
    for (table, slots) in selection.slots.enumerated() where !slots.isEmpty {
      // Only the turn's last item carries the cursor: a token must not skip the items before it.
      self.encodeRows(
        slots, table: table, cursor: table == last ? cursor : ScanCursor(), of: &walk,
        into: &writer)
    }
  }

  private mutating func encodeRows(
    _ slots: [UInt32], table index: Int, cursor: ScanCursor, of walk: inout Walk,
    into writer: inout ByteWriter
  ) {
    let table = self.tables[index]
    let layout = self.wireLayout(table: index, formClass: walk.formClass)
    let interned = self.columns(of: slots, in: table.memory)
    let significant = self.significantVersions(of: slots, in: table)

    let header = ItemHeader(begin: .rows, in: &writer)
    let start = writer.count
    writer.write(self.id)
    writer.write(walk.nonce)
    writer.write(UInt16(index))
    writer.write(table.schema.revision)
    writer.write(layout.form.rawValue)
    writer.write(UInt8(significant.isEmpty ? 0 : 1))
    writer.write(UInt32(layout.byteCount))
    writer.write(cursor.table)
    writer.write(cursor.slot)
    writer.write(walk.entryCount)
    writer.write(UInt16(interned.origins.count))
    for origin in interned.origins { writer.write(origin) }
    writer.write(UInt32(slots.count))
    writer.write(all: interned.keys)
    writer.write(all: interned.timestamps)
    writer.write(all: interned.indices)
    if !significant.isEmpty {
      writer.write(UInt32(significant.count))
      for entry in significant {
        writer.write(entry.entry)
        writer.write(entry.version)
      }
    }
    Self.encodeRowBytes(
      slots, live: interned.liveCount, of: table.memory, laidOutAs: table.layout, as: layout,
      into: &writer)
    header.finish(in: &writer)

    walk.checksum.update(writer.bytes.span.extracting(start..<writer.count))
    walk.entryCount += UInt64(slots.count)
    self.counters.rowsSent += UInt64(slots.count)
  }

  /// The rows themselves: copied as stored, or converted to the asker's form.
  private static func encodeRowBytes(
    _ slots: [UInt32], live: Int, of memory: RowMemory, laidOutAs own: RowLayout,
    as layout: RowLayout, into writer: inout ByteWriter
  ) {
    let byteCount = layout.byteCount
    writer.append(count: live * byteCount) { target in
      var offset = 0
      for slot in slots where !memory.isTombstone(at: Int(slot)) {
        var place = target._mutatingExtracting(offset..<(offset + byteCount))
        layout.fill(&place, from: memory.bytes(at: Int(slot)), layout: own)
        offset += byteCount
      }
    }
  }

  /// What is written of each row besides its bytes.
  private struct Columns {
    var keys: [UInt64] = []
    var timestamps: [Timestamp] = []
    /// Into `origins`, with the bit that marks a tombstone.
    var indices: [UInt16] = []
    var origins: [IncarnationID] = []
    /// Those that are not tombstones.
    var liveCount = 0

    init(reservingCapacity count: Int) {
      self.keys.reserveCapacity(count)
      self.timestamps.reserveCapacity(count)
      self.indices.reserveCapacity(count)
    }
  }

  private func columns(of slots: [UInt32], in memory: RowMemory) -> Columns {
    var columns = Columns(reservingCapacity: slots.count)
    var places = [UInt16](repeating: .max, count: self.origins.count)
    for slot in slots {
      let stamp = memory.stamp(at: Int(slot))
      let origin = Int(stamp.origin)
      if places[origin] == .max {
        places[origin] = UInt16(columns.origins.count)
        columns.origins.append(self.origins[stamp.origin])
      }
      columns.keys.append(memory.key(at: Int(slot)))
      columns.timestamps.append(stamp.timestamp)
      columns.indices.append(places[origin] | (stamp.isTombstone ? RowsItem.tombstoneBit : 0))
      if !stamp.isTombstone { columns.liveCount += 1 }
    }
    return columns
  }

  private func significantVersions(
    of slots: [UInt32], in table: RowTable
  ) -> [RowsItem.Significant] {
    guard !table.significantVersions.isEmpty else { return [] }
    var found: [RowsItem.Significant] = []
    for (entry, slot) in slots.enumerated() {
      if let version = table.significantVersions[slot] {
        found.append(RowsItem.Significant(entry: UInt32(entry), version: version))
      }
    }
    return found
  }
}
