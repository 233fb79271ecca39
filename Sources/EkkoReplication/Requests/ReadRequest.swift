package import EkkoCore
package import EkkoStorage

/// A client's read of one model from the replica that gets it.
package struct ReadRequest: Hashable, Sendable {
  package typealias Part = RowReads

  package var model: ModelID
  package var missing: MissingRows
  /// Versions the replica must have merged before it answers: the session's (DESIGN §4, Reads).
  package var session: [ShardID: VersionVector]
  package var parts: [Part]

  package init(
    model: ModelID, missing: MissingRows, session: [ShardID: VersionVector] = [:], parts: [Part]
  ) {
    self.model = model
    self.missing = missing
    self.session = session
    self.parts = parts
  }

  package func encode(into writer: inout ByteWriter) {
    writer.reserve(
      self.session.reduce(16) { $0 + 10 + 16 * $1.value.count }
        + self.parts.reduce(0) { $0 + 6 + 8 * $1.keys.count })
    writer.write(self.model.rawValue)
    writer.write(self.missing.rawValue)
    writer.write(UInt32(self.session.count))
    for (shard, vector) in self.session.sorted(by: { $0.key < $1.key }) {
      writer.write(shard)
      writer.write(vector)
    }
    writer.write(UInt16(self.parts.count))
    for part in self.parts {
      writer.write(part.table.rawValue)
      writer.write(UInt32(part.keys.count))
      writer.write(all: part.keys)
    }
  }

  package init(from reader: inout ByteReader) throws(WireError) {
    self.model = ModelID(rawValue: try reader.readUInt32())
    let missing = try reader.readUInt8()
    guard let known = MissingRows(rawValue: missing) else { throw .unknownKind(missing) }
    self.missing = known
    self.session = [:]
    for _ in 0..<(try reader.readCount(.shard, elementByteCount: 10)) {
      let shard = try reader.readShardID()
      self.session[shard] = try reader.readVersionVector()
    }
    self.parts = []
    for _ in 0..<(try reader.readUInt16()) {
      let table = TableID(rawValue: try reader.readUInt16())
      let count = try reader.readCount(.keys, elementByteCount: 8)
      self.parts.append(Part(table: table, keys: try reader.readAll(count, as: UInt64.self)))
    }
  }
}

/// Rows as they were read, per part in the order of its keys.
package struct ReadReply: Hashable, Sendable {
  package var parts: [ShardRows]
  /// What the replica had merged of the shards that were read: the session's next demand.
  package var session: [ShardID: VersionVector]

  package init(parts: [ShardRows], session: [ShardID: VersionVector]) {
    self.parts = parts
    self.session = session
  }

  package func encode(into writer: inout ByteWriter) {
    writer.reserve(
      self.session.reduce(16) { $0 + 10 + 16 * $1.value.count }
        + self.parts.reduce(0) { $0 + 12 + 20 * $1.timestamps.count + 4 * $1.weights.count })
    writer.write(UInt32(self.session.count))
    for (shard, vector) in self.session.sorted(by: { $0.key < $1.key }) {
      writer.write(shard)
      writer.write(vector)
    }
    writer.write(UInt16(self.parts.count))
    for part in self.parts {
      writer.write(UInt32(part.timestamps.count))
      writer.write(all: part.timestamps)
      writer.write(all: part.origins)
      writer.write(all: part.creations)
      writer.write(UInt32(part.weights.count))
      writer.write(all: part.weights)
      writer.write(contents: part.contents)
    }
  }

  package init(from reader: inout ByteReader) throws(WireError) {
    self.session = [:]
    for _ in 0..<(try reader.readCount(.shard, elementByteCount: 10)) {
      let shard = try reader.readShardID()
      self.session[shard] = try reader.readVersionVector()
    }
    self.parts = []
    for _ in 0..<(try reader.readUInt16()) {
      let count = try reader.readCount(.count, elementByteCount: 20)
      var rows = ShardRows()
      rows.timestamps = try reader.readAll(count, as: Timestamp.self)
      rows.origins = try reader.readAll(count, as: IncarnationID.self)
      rows.creations = try reader.readAll(count, as: UInt32.self)
      let weightCount = try reader.readCount(.count, elementByteCount: 4)
      rows.weights = try reader.readAll(weightCount, as: Float.self)
      rows.contents = try reader.readContents()
      self.parts.append(rows)
    }
  }
}
