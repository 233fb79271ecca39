package import EkkoCore

/// What stands at the beginning of a shard's snapshot file. Format 1, little-endian:
/// magic | format version | this header | the items of one section, as on the wire, of all rows |
/// u64 byte count of everything before | CRC-32C of everything before.
package struct SnapshotHeader: Hashable, Sendable {
  package var shard: ShardID
  /// The life of the replica that wrote the file; whoever loads it is another.
  package var writer: IncarnationID
  package var epoch: ModelEpoch
  package var formClass: FormClass
  package var writtenAt: WallTime
  /// Origins that were retired when the file was written: their rows are in it, their times are not.
  package var retired: [IncarnationID]

  static let magic: UInt64 = 0x504E_534F_4B4B_4501
  static let formatVersion: UInt8 = 1
  static let trailerByteCount = 12

  package init(
    shard: ShardID, writer: IncarnationID, epoch: ModelEpoch, formClass: FormClass,
    writtenAt: WallTime, retired: [IncarnationID]
  ) {
    self.shard = shard
    self.writer = writer
    self.epoch = epoch
    self.formClass = formClass
    self.writtenAt = writtenAt
    self.retired = retired
  }

  func encode(into writer: inout ByteWriter) {
    writer.write(Self.magic)
    writer.write(Self.formatVersion)
    writer.write(self.shard)
    writer.write(self.writer)
    writer.write(self.epoch.rawValue)
    writer.write(self.formClass.rawValue)
    writer.write(self.writtenAt.microseconds)
    writer.write(UInt32(self.retired.count))
    for origin in self.retired { writer.write(origin) }
  }

  init(from reader: inout ByteReader) throws(WireError) {
    guard try reader.readUInt64() == Self.magic else {
      throw .invalidValue(field: .magic, value: 0)
    }
    let version = try reader.readUInt8()
    guard version == Self.formatVersion else { throw .unsupportedVersion(version) }
    self.shard = try reader.readShardID()
    self.writer = try reader.readIncarnation()
    self.epoch = ModelEpoch(rawValue: try reader.readUInt64())
    let form = try reader.readUInt8()
    guard let formClass = FormClass(rawValue: form) else {
      throw .invalidValue(field: .form, value: UInt64(form))
    }
    self.formClass = formClass
    let wall = try reader.readUInt64()
    guard wall < 1 << 52 else { throw .invalidValue(field: .timestamp, value: wall) }
    self.writtenAt = WallTime(microseconds: wall)
    let count = try reader.readCount(.count, elementByteCount: 8)
    self.retired = []
    for _ in 0..<count { self.retired.append(try reader.readIncarnation()) }
  }
}

/// Why a snapshot was not loaded. Nothing of it is used then.
package enum SnapshotError: Error, Hashable, Sendable {
  case file(FileError)
  /// Too short, altered, or not a snapshot at all.
  case corrupt(WireError)
  case wrongShard(ShardID)
  case wrongForm(FormClass)
  /// The rows do not fit the tables as they are now.
  case refused(Shard.Refusal)
  /// Rows lie further in the future than this node may take, and it is not of the full form that
  /// could write them anew.
  case fromTheFuture
}
