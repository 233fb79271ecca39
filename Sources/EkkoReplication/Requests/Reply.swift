package import EkkoCore

/// What a node answers; each request has one kind of reply that is not a failure.
package enum Reply: Hashable, Sendable {
  case failed(RequestFailure)
  case written(WriteReply)
  case rows(ReadReply)
  case model(ModelRecord)
  case catalogue(CatalogueReply)
  case status(NodeStatus)
  case lag(NodeLag)
  case changes(ChangeBatch)

  private enum Kind: UInt8 {
    case failed = 1
    case written = 2
    case rows = 3
    case model = 4
    case catalogue = 5
    case status = 6
    case lag = 7
    case changes = 8
  }

  package func encode() -> [UInt8] {
    var writer = ByteWriter(reservingCapacity: 256)
    switch self {
    case .failed(let failure):
      writer.write(Kind.failed.rawValue)
      failure.encode(into: &writer)
    case .written(let reply):
      writer.write(Kind.written.rawValue)
      reply.encode(into: &writer)
    case .rows(let reply):
      writer.write(Kind.rows.rawValue)
      reply.encode(into: &writer)
    case .model(let model):
      writer.write(Kind.model.rawValue)
      writer.write(bytes: model.encode())
    case .catalogue(let reply):
      writer.write(Kind.catalogue.rawValue)
      reply.encode(into: &writer)
    case .status(let status):
      writer.write(Kind.status.rawValue)
      status.encode(into: &writer)
    case .lag(let lag):
      writer.write(Kind.lag.rawValue)
      lag.encode(into: &writer)
    case .changes(let batch):
      writer.write(Kind.changes.rawValue)
      batch.encode(into: &writer)
    }
    return writer.bytes
  }

  package init(decoding bytes: Span<UInt8>) throws(WireError) {
    var reader = ByteReader(bytes)
    let raw = try reader.readUInt8()
    guard let kind = Kind(rawValue: raw) else { throw .unknownKind(raw) }
    switch kind {
    case .failed: self = .failed(try RequestFailure(from: &reader))
    case .written: self = .written(try WriteReply(from: &reader))
    case .rows: self = .rows(try ReadReply(from: &reader))
    case .model: self = .model(try ModelRecord(from: &reader))
    case .catalogue: self = .catalogue(try CatalogueReply(from: &reader))
    case .status: self = .status(try NodeStatus(from: &reader))
    case .lag: self = .lag(try NodeLag(from: &reader))
    case .changes: self = .changes(try ChangeBatch(from: &reader))
    }
    try reader.finish()
  }
}

/// Models and members, as the node that answers knows them.
package struct CatalogueReply: Hashable, Sendable {
  package var models: [ModelRecord]
  package var members: [MemberRecord]
  package var writer: NodeID?

  package init(_ catalogue: Catalogue) {
    self.models = catalogue.modelsByName
    self.members = catalogue.membersByName
    self.writer = catalogue.writer
  }

  func encode(into writer: inout ByteWriter) {
    writer.write(self.writer?.rawValue ?? 0)
    writer.write(UInt32(self.models.count))
    for model in self.models { writer.write(bytes: model.encode()) }
    writer.write(UInt32(self.members.count))
    for member in self.members { writer.write(bytes: member.encode()) }
  }

  init(from reader: inout ByteReader) throws(WireError) {
    let node = try reader.readUInt64()
    self.writer = node == 0 ? nil : NodeID(rawValue: node)
    self.models = []
    for _ in 0..<(try reader.readCount(.count, elementByteCount: 38)) {
      self.models.append(try ModelRecord(from: &reader))
    }
    self.members = []
    for _ in 0..<(try reader.readCount(.count, elementByteCount: 20)) {
      self.members.append(try MemberRecord(from: &reader))
    }
  }
}

/// Keys of one table that have changed, each once.
package struct ChangeBatch: Hashable, Sendable {
  package struct Change: Hashable, Sendable {
    package var key: UInt64
    package var version: ParameterVersion
    package var isDeleted: Bool
  }

  package var changes: [Change]
  /// Changes went by faster than they were told: some keys are missing here.
  package var hasMissed: Bool

  package init(changes: [Change], hasMissed: Bool) {
    self.changes = changes
    self.hasMissed = hasMissed
  }

  func encode(into writer: inout ByteWriter) {
    writer.write(self.hasMissed)
    writer.write(UInt32(self.changes.count))
    for change in self.changes {
      writer.write(change.key)
      writer.write(change.version)
      writer.write(change.isDeleted)
    }
  }

  init(from reader: inout ByteReader) throws(WireError) {
    self.hasMissed = try reader.readBool()
    let count = try reader.readCount(.count, elementByteCount: 25)
    self.changes = []
    self.changes.reserveCapacity(count)
    for _ in 0..<count {
      self.changes.append(
        Change(
          key: try reader.readUInt64(), version: try reader.readParameterVersion(),
          isDeleted: try reader.readBool()))
    }
  }
}
