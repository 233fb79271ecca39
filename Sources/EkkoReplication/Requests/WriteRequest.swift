package import EkkoCore
package import EkkoStorage

/// A client's write to one model, as one node gets it (DESIGN §4, Writes): all keys belong to shards
/// this node is primary of. Validated whole before anything is applied.
package struct WriteRequest: Hashable, Sendable {
  /// What is written to one table.
  package struct Part: Hashable, Sendable {
    package var kind: WriteKind
    package var table: TableID
    /// Distinct.
    package var keys: [UInt64]
    /// Row-major weights or gradients of a numeric table; empty for deletes and `bytes` tables.
    package var floats: PackedFloats
    /// Values of a `bytes` table; empty otherwise.
    package var contents: [[UInt8]]

    package init(
      kind: WriteKind, table: TableID, keys: [UInt64], floats: [Float] = [],
      contents: [[UInt8]] = []
    ) {
      self.kind = kind
      self.table = table
      self.keys = keys
      self.floats = PackedFloats(floats)
      self.contents = contents
    }
  }

  package var model: ModelID
  package var epoch: ModelEpoch
  package var term: PrimaryTerm
  package var request: RequestID
  /// Whether an earlier attempt may have reached the node, and its answer was lost.
  package var isSentAgain = false
  package var durability: Durability
  package var parts: [Part]

  package init(
    model: ModelID, epoch: ModelEpoch, term: PrimaryTerm, request: RequestID,
    durability: Durability, parts: [Part]
  ) {
    self.model = model
    self.epoch = epoch
    self.term = term
    self.request = request
    self.durability = durability
    self.parts = parts
  }

  package func encode(into writer: inout ByteWriter) {
    writer.reserve(
      self.parts.reduce(64) {
        $0 + 32 + 8 * $1.keys.count + 4 * $1.floats.count
          + $1.contents.reduce(0) { $0 + 4 + $1.count }
      })
    writer.write(self.model.rawValue)
    writer.write(self.epoch.rawValue)
    writer.write(self.term.rawValue)
    writer.write(self.request.client.rawValue)
    writer.write(self.request.sequence)
    writer.write(UInt8(self.isSentAgain ? 1 : 0))
    self.durability.encode(into: &writer)
    writer.write(UInt16(self.parts.count))
    for part in self.parts {
      writer.write(part.kind.rawValue)
      writer.write(part.table.rawValue)
      writer.write(UInt32(part.keys.count))
      writer.write(all: part.keys)
      writer.write(UInt32(part.floats.count))
      unsafe part.floats.withBytes { unsafe writer.write(copying: $0) }
      writer.write(contents: part.contents)
    }
  }

  /// - Parameter body: what `reader` reads, from its first byte; numbers stay there.
  init(from reader: inout ByteReader, of body: ArraySlice<UInt8>) throws(WireError) {
    self.model = ModelID(rawValue: try reader.readUInt32())
    self.epoch = ModelEpoch(rawValue: try reader.readUInt64())
    self.term = PrimaryTerm(rawValue: try reader.readUInt64())
    self.request = RequestID(
      client: ClientID(rawValue: try reader.readUInt64()), sequence: try reader.readUInt64())
    self.isSentAgain = try reader.readUInt8() != 0
    self.durability = try Durability(from: &reader)
    self.parts = []
    for _ in 0..<(try reader.readUInt16()) {
      let kind = try reader.readUInt8()
      guard let known = WriteKind(rawValue: kind) else { throw .unknownKind(kind) }
      let table = TableID(rawValue: try reader.readUInt16())
      let keyCount = try reader.readCount(.keys, elementByteCount: 8)
      let keys = try reader.readAll(keyCount, as: UInt64.self)
      let floatCount = try reader.readCount(.count, elementByteCount: 4)
      let start = reader.offset
      _ = try reader.readBytes(floatCount * 4)
      var part = Part(kind: known, table: table, keys: keys)
      part.floats = PackedFloats(body.dropFirst(start).prefix(floatCount * 4))
      part.contents = try reader.readContents()
      self.parts.append(part)
    }
  }
}

/// What a node answers to a write it has applied whole: per part and key the version's time (zero
/// for a row that the admission rule turned away), and the origin that all of them bear.
package struct WriteReply: Hashable, Sendable {
  package var origin: IncarnationID
  package var timestamps: [[Timestamp]]
  /// The request had been applied before; these are its first versions.
  package var isRepeated: Bool

  package init(origin: IncarnationID, timestamps: [[Timestamp]], isRepeated: Bool) {
    self.origin = origin
    self.timestamps = timestamps
    self.isRepeated = isRepeated
  }

  package func encode(into writer: inout ByteWriter) {
    writer.reserve(self.timestamps.reduce(16) { $0 + 4 + 8 * $1.count })
    writer.write(self.origin)
    writer.write(self.isRepeated)
    writer.write(UInt16(self.timestamps.count))
    for part in self.timestamps {
      writer.write(UInt32(part.count))
      writer.write(all: part)
    }
  }

  package init(from reader: inout ByteReader) throws(WireError) {
    self.origin = try reader.readIncarnation()
    self.isRepeated = try reader.readBool()
    self.timestamps = []
    for _ in 0..<(try reader.readUInt16()) {
      let count = try reader.readCount(.count, elementByteCount: 8)
      self.timestamps.append(try reader.readAll(count, as: Timestamp.self))
    }
  }
}

extension ByteWriter {
  mutating func write(contents: [[UInt8]]) {
    self.write(UInt32(contents.count))
    for value in contents {
      self.write(UInt32(value.count))
      self.write(bytes: value)
    }
  }
}

extension ByteReader {
  mutating func readContents() throws(WireError) -> [[UInt8]] {
    let count = try self.readCount(.count, elementByteCount: 4)
    var contents: [[UInt8]] = []
    contents.reserveCapacity(count)
    for _ in 0..<count {
      contents.append(try self.readArray(Int(try self.readUInt32())))
    }
    return contents
  }
}
