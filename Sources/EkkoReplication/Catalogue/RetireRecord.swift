package import EkkoCore

/// Seals an origin that will write no more at its final time in each shard (DESIGN §5.1). Written
/// only when every member is known to hold the seal. Records are numbered from one, without gaps.
package struct RetireRecord: Hashable, Sendable {
  package var number: UInt64
  package var incarnation: IncarnationID
  /// Shards that never heard of the origin are absent.
  package var seals: [ShardID: Timestamp]

  package init(number: UInt64, incarnation: IncarnationID, seals: [ShardID: Timestamp]) {
    self.number = number
    self.incarnation = incarnation
    self.seals = seals
  }

  private static let encodingVersion: UInt8 = 1
  private static let sealByteCount = 16

  /// More seals than this do not fit a row of the catalogue.
  package static let sealLimit = 4000

  package func encode() -> [UInt8] {
    var writer = ByteWriter(reservingCapacity: 32 + self.seals.count * Self.sealByteCount)
    writer.write(Self.encodingVersion)
    writer.write(self.number)
    writer.write(self.incarnation)
    writer.write(UInt32(self.seals.count))
    for (shard, time) in self.seals.sorted(by: { $0.key < $1.key }) {
      writer.write(shard)
      writer.write(time)
    }
    return writer.bytes
  }

  package init(decoding bytes: Span<UInt8>) throws(WireError) {
    var reader = ByteReader(bytes)
    let version = try reader.readUInt8()
    guard version == Self.encodingVersion else { throw .unsupportedVersion(version) }
    self.number = try reader.readUInt64()
    self.incarnation = try reader.readIncarnation()
    self.seals = [:]
    for _ in 0..<(try reader.readCount(.shard, elementByteCount: Self.sealByteCount)) {
      let shard = try reader.readShardID()
      self.seals[shard] = try reader.readTimestamp()
    }
    try reader.finish()
  }
}
