package import EkkoCore
internal import EkkoStorage

/// The items of an answer that speak of the responder as a whole; the others are `SectionItem`s.
enum ExchangeItemKind {
  static let news: UInt8 = 16
  static let end: UInt8 = 17
}

/// Which shards of the responder have changed since the bookmark (Ekko §4.4.2; DESIGN §5.7). It is
/// the first item of an answer, so that the sections after it settle what it announces.
package struct ExchangeNews: Hashable, Sendable {
  package var nonce: UInt64
  package var responder: IncarnationID
  /// Ascending by sequence.
  package var announcements: [ShardVersionBoard.Announcement]
  /// The new bookmark: everything up to here is announced.
  package var sequence: UInt64
  /// Through which microsecond the responder has seen each origin node; absent if the list above
  /// is cut short.
  package var asOf: [NodeID: UInt64]?
  /// How many retire records the responder has applied.
  package var retirements: UInt64
  /// Someone at or above the responder waits to hear how far the requester is.
  package var wantsReports: Bool

  package func encode(into writer: inout ByteWriter) {
    let header = ItemHeader(beginRaw: ExchangeItemKind.news, in: &writer)
    writer.write(self.nonce)
    writer.write(self.responder)
    writer.write(self.sequence)
    writer.write(self.retirements)
    writer.write(self.wantsReports)
    writer.write(UInt32(self.announcements.count))
    for announcement in self.announcements {
      writer.write(announcement.shard)
      writer.write(announcement.version)
      writer.write(announcement.sequence)
    }
    writer.write(self.asOf != nil)
    if let asOf = self.asOf {
      writer.write(UInt32(asOf.count))
      for (node, time) in asOf.sorted(by: { $0.key < $1.key }) {
        writer.write(node.rawValue)
        writer.write(time)
      }
    }
    header.finish(in: &writer)
  }

  package init(
    nonce: UInt64, responder: IncarnationID, news: ShardVersionBoard.News, retirements: UInt64,
    wantsReports: Bool
  ) {
    self.nonce = nonce
    self.responder = responder
    self.announcements = news.announcements
    self.sequence = news.sequence
    self.asOf = news.asOf
    self.retirements = retirements
    self.wantsReports = wantsReports
  }

  package init(from reader: inout ByteReader) throws(WireError) {
    self.nonce = try reader.readUInt64()
    self.responder = try reader.readIncarnation()
    self.sequence = try reader.readUInt64()
    self.retirements = try reader.readUInt64()
    self.wantsReports = try reader.readBool()
    let count = try reader.readCount(.shard, elementByteCount: 32)
    self.announcements = []
    self.announcements.reserveCapacity(count)
    for _ in 0..<count {
      self.announcements.append(
        ShardVersionBoard.Announcement(
          shard: try reader.readShardID(), version: try reader.readShardVersion(),
          sequence: try reader.readUInt64()))
    }
    if try reader.readBool() {
      let nodeCount = try reader.readCount(.count, elementByteCount: 16)
      var asOf: [NodeID: UInt64] = [:]
      asOf.reserveCapacity(nodeCount)
      for _ in 0..<nodeCount {
        let node = NodeID(rawValue: try reader.readUInt64())
        let time = try reader.readUInt64()
        guard time < 1 << 52 else { throw .invalidValue(field: .timestamp, value: time) }
        asOf[node] = time
      }
      self.asOf = asOf
    }
    try reader.finish()
  }
}

/// The last item of an answer.
package struct ExchangeEnd: Hashable, Sendable {
  package var nonce: UInt64
  /// The responder's wall time, in microseconds, as it sent this (DESIGN §5.2).
  package var wall: UInt64

  package func encode(into writer: inout ByteWriter) {
    let header = ItemHeader(beginRaw: ExchangeItemKind.end, in: &writer)
    writer.write(self.nonce)
    writer.write(self.wall)
    header.finish(in: &writer)
  }

  package init(nonce: UInt64, wall: WallTime) {
    self.nonce = nonce
    self.wall = wall.microseconds
  }

  package init(from reader: inout ByteReader) throws(WireError) {
    self.nonce = try reader.readUInt64()
    self.wall = try reader.readUInt64()
    guard self.wall < 1 << 52 else { throw .invalidValue(field: .timestamp, value: self.wall) }
    try reader.finish()
  }
}
