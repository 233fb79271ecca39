package import EkkoCore
package import EkkoStorage
internal import EkkoTransport

/// What a client, or a node that joins, asks of a node (DESIGN §6.1). Each has an id (the frame's
/// stream) and a deadline, and can be cancelled.
package enum Request: Hashable, Sendable {
  /// Lists the sender as a member, in its present life.
  case join(MemberRecord)
  /// Takes a member off the list: itself, in the life it names, or one that is gone for good.
  case leave(name: String, incarnation: IncarnationID?)
  case createModel(ModelDraft)
  /// Adds tables to a model or changes what may change.
  case alterModel(name: String, tables: [TableSchema])
  case write(WriteRequest)
  case read(ReadRequest)
  /// Tells the keys of a table that change, until cancelled.
  case watch(ModelID, TableID)
  /// Models and members.
  case catalogue
  /// What this node holds.
  case status(withDigests: Bool)
  /// How far this node is behind.
  case lag

  private enum Kind: UInt8 {
    case join = 1
    case createModel = 2
    case alterModel = 3
    case write = 4
    case read = 5
    case watch = 6
    case catalogue = 7
    case status = 8
    case lag = 9
    case leave = 10
  }

  package func encode(into writer: inout ByteWriter) {
    switch self {
    case .join(let member):
      writer.write(Kind.join.rawValue)
      writer.write(bytes: member.encode())
    case .leave(let name, let incarnation):
      writer.write(Kind.leave.rawValue)
      writer.write(text: name)
      writer.write(incarnation != nil)
      if let incarnation { writer.write(incarnation) }
    case .createModel(let draft):
      writer.write(Kind.createModel.rawValue)
      writer.write(text: draft.name)
      writer.write(text: draft.application)
      writer.write(draft.shardCount)
      writer.write(tables: draft.tables)
    case .alterModel(let name, let tables):
      writer.write(Kind.alterModel.rawValue)
      writer.write(text: name)
      writer.write(tables: tables)
    case .write(let request):
      writer.write(Kind.write.rawValue)
      request.encode(into: &writer)
    case .read(let request):
      writer.write(Kind.read.rawValue)
      request.encode(into: &writer)
    case .watch(let model, let table):
      writer.write(Kind.watch.rawValue)
      writer.write(model.rawValue)
      writer.write(table.rawValue)
    case .catalogue:
      writer.write(Kind.catalogue.rawValue)
    case .status(let withDigests):
      writer.write(Kind.status.rawValue)
      writer.write(withDigests)
    case .lag:
      writer.write(Kind.lag.rawValue)
    }
  }

  package init(decoding body: ArraySlice<UInt8>) throws(WireError) {
    var reader = ByteReader(body.span)
    let raw = try reader.readUInt8()
    guard let kind = Kind(rawValue: raw) else { throw .unknownKind(raw) }
    switch kind {
    case .join: self = .join(try MemberRecord(from: &reader))
    case .leave:
      let name = try reader.readText(limit: LinkIdentity.nameByteLimit)
      let isOfOneLife = try reader.readBool()
      self = .leave(name: name, incarnation: isOfOneLife ? try reader.readIncarnation() : nil)
    case .createModel:
      self = .createModel(
        ModelDraft(
          name: try reader.readText(), application: try reader.readText(),
          shardCount: try reader.readUInt32(), tables: try reader.readTables()))
    case .alterModel:
      self = .alterModel(name: try reader.readText(), tables: try reader.readTables())
    case .write: self = .write(try WriteRequest(from: &reader, of: body))
    case .read: self = .read(try ReadRequest(from: &reader))
    case .watch:
      self = .watch(
        ModelID(rawValue: try reader.readUInt32()), TableID(rawValue: try reader.readUInt16()))
    case .catalogue: self = .catalogue
    case .status: self = .status(withDigests: try reader.readBool())
    case .lag: self = .lag
    }
    try reader.finish()
  }
}

extension ByteWriter {
  mutating func write(tables: [TableSchema]) {
    self.write(UInt16(clamping: tables.count))
    for table in tables.prefix(Int(UInt16.max)) { table.encode(into: &self) }
  }
}

extension ByteReader {
  mutating func readTables() throws(WireError) -> [TableSchema] {
    var tables: [TableSchema] = []
    for _ in 0..<(try self.readUInt16()) { tables.append(try TableSchema(decoding: &self)) }
    return tables
  }
}
