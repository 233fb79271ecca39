package import EkkoCore

/// A run of rows of one table within a section, decoded in place: the columns stay in the received
/// bytes, and only their places are noted here.
///
/// Layout: shard, nonce | table u16, revision u32, form u8, flags u8, row bytes u32 | resume cursor
/// (table u16, slot u32) | entries of the section before these u64 | origins (u16 count, 8 bytes each) | n u32 | keys n×8 | times n×8 |
/// origin indices n×2 (top bit: tombstone) | significant versions if flagged | rows without
/// tombstones, each creation, count where kept, weights, slots.
package struct RowsItem: Sendable {
  package let shard: ShardID
  package let nonce: UInt64
  package let table: TableID
  package let revision: UInt32
  package let form: Form
  package let rowByteCount: Int
  package let cursor: ScanCursor
  /// How many entries of the section came before these: what was lost on the way shows at once, and no
  /// later attempt resumes beyond it.
  package let precedingCount: UInt64
  package let origins: [IncarnationID]
  package let count: Int
  package let significant: [Significant]
  let keysOffset: Int
  let timestampsOffset: Int
  let originIndicesOffset: Int
  let rowsOffset: Int
  /// The whole item's body within the buffer it was decoded from; the checksum runs over these.
  package let body: Range<Int>

  static let tombstoneBit: UInt16 = 1 << 15
  static let maximumOriginCount = 1 << 15 - 1

  package struct Significant: Hashable, Sendable {
    package let entry: UInt32
    package let version: ParameterVersion
  }

  /// - Parameter base: where the item's body starts in the buffer the offsets are to refer to.
  package init(from reader: inout ByteReader, base: Int) throws(WireError) {
    let start = reader.offset
    func place(_ offset: Int) -> Int { base + offset - start }
    self.shard = try reader.readShardID()
    self.nonce = try reader.readUInt64()
    self.table = TableID(rawValue: try reader.readUInt16())
    self.revision = try reader.readUInt32()
    let form = try reader.readUInt8()
    guard let known = Form(rawValue: form) else {
      throw .invalidValue(field: .form, value: UInt64(form))
    }
    self.form = known
    let flags = try reader.readUInt8()
    guard flags <= 1 else { throw .invalidValue(field: .section, value: UInt64(flags)) }
    self.rowByteCount = Int(try reader.readUInt32())
    self.cursor = ScanCursor(
      table: try reader.readUInt16(), slot: try reader.readUInt32())
    self.precedingCount = try reader.readUInt64()

    let originCount = Int(try reader.readUInt16())
    guard originCount <= Self.maximumOriginCount, originCount * 8 <= reader.remaining else {
      throw .truncated(needed: originCount * 8, available: reader.remaining)
    }
    var origins: [IncarnationID] = []
    origins.reserveCapacity(originCount)
    for _ in 0..<originCount { origins.append(try reader.readIncarnation()) }
    self.origins = origins

    self.count = try reader.readCount(.count, elementByteCount: 18)
    self.keysOffset = place(reader.offset)
    _ = try reader.readBytes(self.count * 8)
    self.timestampsOffset = place(reader.offset)
    _ = try reader.readBytes(self.count * 8)
    self.originIndicesOffset = place(reader.offset)
    var tombstones = 0
    for _ in 0..<self.count {
      let index = try reader.readUInt16()
      if index & Self.tombstoneBit != 0 { tombstones += 1 }
      guard Int(index & ~Self.tombstoneBit) < originCount else {
        throw .invalidValue(field: .originIndex, value: UInt64(index))
      }
    }
    self.significant =
      flags == 0 ? [] : try Self.readSignificant(count: self.count, from: &reader)
    self.rowsOffset = place(reader.offset)
    let rowBytes = (self.count - tombstones).multipliedReportingOverflow(by: self.rowByteCount)
    guard !rowBytes.overflow else {
      throw .invalidValue(field: .rowLength, value: UInt64(self.rowByteCount))
    }
    _ = try reader.readBytes(rowBytes.partialValue)
    self.body = base..<place(reader.offset)
  }

  private static func readSignificant(
    count: Int, from reader: inout ByteReader
  ) throws(WireError) -> [Significant] {
    let significantCount = try reader.readCount(.count, elementByteCount: 20, limit: count)
    var significant: [Significant] = []
    significant.reserveCapacity(significantCount)
    for _ in 0..<significantCount {
      let entry = try reader.readUInt32()
      guard entry < count else { throw .invalidValue(field: .section, value: UInt64(entry)) }
      significant.append(
        Significant(entry: entry, version: try reader.readParameterVersion()))
    }
    return significant
  }
}

/// Where a scan continues: the first slot not yet examined.
package struct ScanCursor: Hashable, Sendable {
  package var table: UInt16
  package var slot: UInt32

  package init(table: UInt16 = 0, slot: UInt32 = 0) {
    self.table = table
    self.slot = slot
  }
}

/// An item of a section as received.
package enum SectionItem: Sendable {
  case begin(SectionBegin)
  case rows(RowsItem)
  case end(SectionEnd)
  case refused(SectionRefusal)
  /// An item this version does not know, or one of the layer above: its kind and place.
  case other(kind: UInt8, body: Range<Int>)

  /// The shard the item speaks of, if it is one of ours.
  package var shard: ShardID? {
    switch self {
    case .begin(let begin): begin.shard
    case .rows(let rows): rows.shard
    case .end(let end): end.shard
    case .refused(let refusal): refusal.shard
    case .other: nil
    }
  }

  /// All items in `bytes`; their offsets refer to `bytes` from its first byte.
  package static func decodeAll(_ bytes: Span<UInt8>) throws(WireError) -> [SectionItem] {
    var reader = ByteReader(bytes)
    var items: [SectionItem] = []
    while reader.remaining > 0 {
      let kind = try reader.readUInt8()
      let byteCount = Int(try reader.readUInt32())
      let start = reader.offset
      var body = ByteReader(try reader.readBytes(byteCount))
      switch SectionItemKind(rawValue: kind) {
      case .begin: items.append(.begin(try SectionBegin(from: &body)))
      case .rows: items.append(.rows(try RowsItem(from: &body, base: start)))
      case .end: items.append(.end(try SectionEnd(from: &body)))
      case .refused: items.append(.refused(try SectionRefusal(from: &body)))
      case nil:
        items.append(.other(kind: kind, body: start..<(start + byteCount)))
        continue
      }
      try body.finish()
    }
    return items
  }
}
