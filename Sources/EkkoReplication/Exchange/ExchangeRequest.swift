package import EkkoCore
package import EkkoStorage

/// What a replica asks a peer (DESIGN §6): the news since its bookmark, and the rows it lacks.
///
/// Entries that are *owed* want an answer now. The others are *standing*: the peer answers them with
/// rows as soon as those shards change. Without owed entries the peer holds the request open until
/// it has news or `hold` has passed.
package struct ExchangeRequest: Hashable, Sendable {
  package struct Entry: Hashable, Sendable {
    package var request: SectionRequest
    package var isOwed: Bool

    package init(request: SectionRequest, isOwed: Bool) {
      self.request = request
      self.isOwed = isOwed
    }
  }

  package var nonce: UInt64
  /// The requester's life. What a former one has asked may come late: it knows other things.
  package var requester: IncarnationID
  /// The life of the peer that `bookmark` counts in; any other peer starts from zero.
  package var bookmarkOf: IncarnationID
  package var bookmark: UInt64
  package var hold: Duration
  /// After about this many bytes of rows the peer stops and leaves the rest owed.
  package var credit: UInt32
  /// How many retire records the requester has applied (DESIGN §5.1).
  package var retirements: UInt64
  package var formClass: FormClass
  /// The requester's wall time as it sent this (DESIGN §5.2).
  package var wall: WallTime
  package var entries: [Entry]

  /// No request asks for more shards than this at a time.
  package static let entryLimit = 512

  package init(
    nonce: UInt64, requester: IncarnationID, bookmarkOf: IncarnationID, bookmark: UInt64,
    hold: Duration, credit: UInt32, retirements: UInt64, formClass: FormClass, wall: WallTime,
    entries: [Entry]
  ) {
    self.nonce = nonce
    self.requester = requester
    self.bookmarkOf = bookmarkOf
    self.bookmark = bookmark
    self.hold = hold
    self.credit = credit
    self.retirements = retirements
    self.formClass = formClass
    self.wall = wall
    self.entries = entries
  }

  private enum Flag {
    static let owed: UInt8 = 1
    static let replace: UInt8 = 2
    static let resume: UInt8 = 4
  }

  package func encode() -> [UInt8] {
    var writer = ByteWriter(reservingCapacity: 64 + self.entries.count * 96)
    writer.write(self.nonce)
    writer.write(self.requester)
    writer.write(self.bookmarkOf)
    writer.write(self.bookmark)
    writer.write(UInt32(clamping: self.hold.wholeNanoseconds / 1_000_000))
    writer.write(self.credit)
    writer.write(self.retirements)
    writer.write(self.formClass.rawValue)
    writer.write(self.wall.microseconds)
    writer.write(UInt32(self.entries.count))
    for entry in self.entries { Self.encode(entry, into: &writer) }
    return writer.bytes
  }

  private static func encode(_ entry: Entry, into writer: inout ByteWriter) {
    let request = entry.request
    writer.write(request.shard)
    writer.write(
      (entry.isOwed ? Flag.owed : 0) | (request.replace ? Flag.replace : 0)
        | (request.resume != nil ? Flag.resume : 0))
    writer.write(request.epoch.rawValue)
    writer.write(request.knowledge)
    writer.write(request.mark)
    guard let resume = request.resume else { return }
    writer.write(resume.responder)
    writer.write(resume.scan)
    writer.write(resume.cursor.table)
    writer.write(resume.cursor.slot)
    writer.write(resume.entryCount)
    writer.write(resume.checksum)
  }

  package init(decoding bytes: Span<UInt8>) throws(WireError) {
    var reader = ByteReader(bytes)
    self.nonce = try reader.readUInt64()
    self.requester = try reader.readIncarnation()
    // Zero, no replica's, stands for a requester that has no bookmark yet.
    self.bookmarkOf = IncarnationID(rawValue: try reader.readUInt64())
    self.bookmark = try reader.readUInt64()
    self.hold = .milliseconds(Int64(try reader.readUInt32()))
    self.credit = try reader.readUInt32()
    self.retirements = try reader.readUInt64()
    let form = try reader.readUInt8()
    guard let formClass = FormClass(rawValue: form) else {
      throw .invalidValue(field: .form, value: UInt64(form))
    }
    self.formClass = formClass
    let wall = try reader.readUInt64()
    guard wall < 1 << 52 else { throw .invalidValue(field: .timestamp, value: wall) }
    self.wall = WallTime(microseconds: wall)
    let count = try reader.readCount(.shard, elementByteCount: 27, limit: Self.entryLimit)
    self.entries = []
    self.entries.reserveCapacity(count)
    for _ in 0..<count {
      self.entries.append(try Self.entry(from: &reader, nonce: self.nonce, formClass: formClass))
    }
    try reader.finish()
  }

  private static func entry(
    from reader: inout ByteReader, nonce: UInt64, formClass: FormClass
  ) throws(WireError) -> Entry {
    let shard = try reader.readShardID()
    let flags = try reader.readUInt8()
    guard flags <= Flag.owed | Flag.replace | Flag.resume else {
      throw .invalidValue(field: .section, value: UInt64(flags))
    }
    var request = SectionRequest(
      shard: shard, nonce: nonce, epoch: ModelEpoch(rawValue: try reader.readUInt64()),
      formClass: formClass, knowledge: try reader.readVersionVector(),
      mark: try reader.readUInt64(), replace: flags & Flag.replace != 0)
    if flags & Flag.resume != 0 {
      request.resume = ResumeToken(
        responder: try reader.readIncarnation(), scan: try reader.readUInt64(),
        cursor: ScanCursor(table: try reader.readUInt16(), slot: try reader.readUInt32()),
        entryCount: try reader.readUInt64(), checksum: try reader.readUInt32())
    }
    return Entry(request: request, isOwed: flags & Flag.owed != 0)
  }
}
