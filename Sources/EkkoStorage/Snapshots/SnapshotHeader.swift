package import EkkoCore

/// What a snapshot says of itself before its rows: file format 1 (DESIGN §5; Ekko §4.5).
///
/// ```text
/// magic "EKKOSNAP" | format u16 | header length u32 | header | items of one section | trailer
/// trailer: length of the whole file u64 | CRC-32C of everything before the checksum u32
/// ```
package struct SnapshotHeader: Hashable, Sendable {
  package let shard: ShardID
  /// The life that wrote the file; the shard that is loaded from it begins another.
  package let incarnation: IncarnationID
  package let epoch: ModelEpoch
  package let formClass: FormClass
  package let schemas: [TableSchema]
  /// The retired origins, ascending: their rows count as known.
  package let retired: [IncarnationID]
  package let writtenAt: WallTime

  static let magic = Array("EKKOSNAP".utf8)
  static let format: UInt16 = 1
  /// Magic, format and the header's length.
  package static let prefixByteCount = 14
  package static let trailerByteCount = 12
  static let maximalByteCount = 8 << 20

  package init(of shard: Shard, at now: Instant) {
    self.shard = shard.id
    self.incarnation = shard.incarnation
    self.epoch = shard.epoch
    self.formClass = shard.formClass
    self.schemas = shard.tables.map(\.schema)
    self.retired = shard.origins.retired.sorted()
    self.writtenAt = now.wall
  }

  /// Writes prefix and header.
  func encode(into writer: inout ByteWriter) {
    writer.write(bytes: Self.magic)
    writer.write(Self.format)
    let lengthOffset = writer.count
    writer.write(UInt32(0))
    writer.write(self.shard)
    writer.write(self.incarnation)
    writer.write(self.epoch.rawValue)
    writer.write(self.formClass.rawValue)
    writer.write(self.writtenAt.microseconds)
    writer.write(UInt32(self.schemas.count))
    for schema in self.schemas { schema.encode(into: &writer) }
    writer.write(UInt32(self.retired.count))
    for origin in self.retired { writer.write(origin) }
    writer.patch(UInt32(writer.count - lengthOffset - 4), at: lengthOffset)
  }

  /// Reads what follows the prefix.
  init(decoding reader: inout ByteReader) throws(WireError) {
    self.shard = try reader.readShardID()
    self.incarnation = try reader.readIncarnation()
    self.epoch = ModelEpoch(rawValue: try reader.readUInt64())
    let form = try reader.readUInt8()
    guard let formClass = FormClass(rawValue: form) else {
      throw .invalidValue(field: .form, value: UInt64(form))
    }
    self.formClass = formClass
    let wall = try reader.readUInt64()
    guard wall < 1 << 52 else { throw .invalidValue(field: .timestamp, value: wall) }
    self.writtenAt = WallTime(microseconds: wall)
    let schemaCount = try reader.readCount(.table, elementByteCount: 16, limit: 1 << 16)
    var schemas: [TableSchema] = []
    for _ in 0..<schemaCount { schemas.append(try TableSchema(decoding: &reader)) }
    self.schemas = schemas
    let retiredCount = try reader.readCount(.incarnation, elementByteCount: 8)
    var retired: [IncarnationID] = []
    for _ in 0..<retiredCount { retired.append(try reader.readIncarnation()) }
    self.retired = retired
    try reader.finish()
  }
}
