package import EkkoCore
public import EkkoStorage

/// A model as the catalogue describes it (DESIGN §4).
package struct ModelRecord: Hashable, Sendable {
  package var id: ModelID
  package var name: String
  package var application: String
  /// Fixed at creation.
  package var shardCount: UInt32
  package var tables: [TableSchema]
  /// The primary of shard `i` is `trainingNodes[i % trainingNodes.count]`.
  package var trainingNodes: [NodeID]
  package var epoch: ModelEpoch
  package var term: PrimaryTerm

  /// A model alone may have as many as all together.
  package static let shardLimit = UInt32(Catalogue.shardLimit)
  package static let tableLimit = 256
  package static let nodeLimit = 4096

  package init(
    id: ModelID, name: String, application: String, shardCount: UInt32, tables: [TableSchema],
    trainingNodes: [NodeID], epoch: ModelEpoch = .first, term: PrimaryTerm = .first
  ) {
    self.id = id
    self.name = name
    self.application = application
    self.shardCount = shardCount
    self.tables = tables
    self.trainingNodes = trainingNodes
    self.epoch = epoch
    self.term = term
  }

  package var shards: [ShardID] {
    (0..<self.shardCount).map { ShardID(model: self.id, index: $0) }
  }

  /// Where the parameter lives.
  package func shard(of key: UInt64, in table: TableID) -> ShardID {
    let parameter = ParameterKey(table: table, key: key)
    return ShardID(
      model: self.id,
      index: ShardFunction.shardIndex(of: parameter, shardCount: self.shardCount))
  }

  package func primary(of shard: ShardID) -> NodeID {
    self.trainingNodes[Int(shard.index) % self.trainingNodes.count]
  }

  /// The table's place, which is its id.
  package func table(named name: String) -> TableID? {
    self.tables.firstIndex { $0.name == name }.map { TableID(rawValue: UInt16($0)) }
  }

  /// Adds tables, and changes of those there are what may be changed (DESIGN §4).
  package mutating func alter(_ tables: [TableSchema]) throws(ModelError) {
    for var table in tables {
      guard let place = self.tables.firstIndex(where: { $0.name == table.name }) else {
        table.revision = 0
        self.tables.append(table)
        continue
      }
      let current = self.tables[place]
      table.revision = current.revision
      guard table != current else { continue }
      guard current.hasRows(like: table) else { throw .change(table: table.name) }
      guard current.canBecome(table) else { throw .longerLife(table: table.name) }
      table.revision += 1
      self.tables[place] = table
    }
    try self.validate()
  }

  /// Throws the first reason why no such model can exist.
  package func validate() throws(ModelError) {
    guard TableSchema.isValidName(self.name) else { throw .name(self.name) }
    guard self.application.isEmpty || TableSchema.isValidName(self.application) else {
      throw .name(self.application)
    }
    guard 1...Self.shardLimit ~= self.shardCount else { throw .shardCount(self.shardCount) }
    guard 1...Self.tableLimit ~= self.tables.count else { throw .tableCount(self.tables.count) }
    guard 1...Self.nodeLimit ~= self.trainingNodes.count else { throw .noTrainingNode }
    var names: Set<String> = []
    for table in self.tables {
      do throws(SchemaError) { try table.validate() } catch { throw .table(error) }
      guard names.insert(table.name).inserted else { throw .repeatedTable(table.name) }
    }
    guard self.encode().count <= TableSchema.maximalRowLength else { throw .tooLarge }
  }
}

/// Why a model cannot exist as described.
public enum ModelError: Error, Hashable, Sendable, CustomStringConvertible {
  case name(String)
  case shardCount(UInt32)
  case tableCount(Int)
  case repeatedTable(String)
  case noTrainingNode
  case table(SchemaError)
  /// More tables and training nodes than a row of the catalogue can list.
  case tooLarge
  /// A model of this name exists and is not the same.
  case exists(String)
  /// The change of this table is none that is allowed while rows exist.
  case change(table: String)
  /// A longer time-to-live: rows that have expired are gone at some replicas and not yet at others.
  case longerLife(table: String)
  /// The models of the cluster would have so many shards together.
  case clusterShardCount(Int)

  public var description: String {
    switch self {
    case .name(let name):
      "the name '\(name)' must be 1 to 64 of the characters A-Z, a-z, 0-9, '_', '.' and '-'"
    case .shardCount(let count):
      "a model has 1 to \(ModelRecord.shardLimit) shards, not \(count)"
    case .tableCount(let count):
      "a model has 1 to \(ModelRecord.tableLimit) tables, not \(count)"
    case .repeatedTable(let name): "two tables are named '\(name)'"
    case .noTrainingNode: "the cluster has no training node that could hold the model"
    case .table(let error): error.description
    case .tooLarge: "the model has more tables and training nodes than the catalogue can list"
    case .exists(let name): "a model '\(name)' exists already and is described otherwise"
    case .change(let table):
      "table '\(table)' may change only its time-to-live and its optimiser's parameters"
    case .longerLife(let table):
      "the time-to-live of table '\(table)' cannot become longer: rows that have expired may be gone"
    case .clusterShardCount(let count):
      "the models of a cluster have \(Catalogue.shardLimit) shards at most together, not \(count)"
    }
  }
}

extension ModelRecord {
  private static let encodingVersion: UInt8 = 1

  package func encode() -> [UInt8] {
    var writer = ByteWriter(reservingCapacity: 512)
    writer.write(Self.encodingVersion)
    writer.write(self.id.rawValue)
    writer.write(text: self.name)
    writer.write(text: self.application)
    writer.write(self.shardCount)
    writer.write(self.epoch.rawValue)
    writer.write(self.term.rawValue)
    writer.write(UInt32(self.trainingNodes.count))
    for node in self.trainingNodes { writer.write(node.rawValue) }
    writer.write(UInt16(self.tables.count))
    for table in self.tables { table.encode(into: &writer) }
    return writer.bytes
  }

  package init(decoding bytes: Span<UInt8>) throws(WireError) {
    var reader = ByteReader(bytes)
    try self.init(from: &reader)
    try reader.finish()
  }

  package init(from reader: inout ByteReader) throws(WireError) {
    let version = try reader.readUInt8()
    guard version == Self.encodingVersion else { throw .unsupportedVersion(version) }
    self.id = ModelID(rawValue: try reader.readUInt32())
    self.name = try reader.readText(limit: TableSchema.maximalNameByteCount)
    self.application = try reader.readText(limit: TableSchema.maximalNameByteCount)
    self.shardCount = try reader.readUInt32()
    self.epoch = ModelEpoch(rawValue: try reader.readUInt64())
    self.term = PrimaryTerm(rawValue: try reader.readUInt64())
    let nodeCount = try reader.readCount(
      .count, elementByteCount: 8, limit: Self.nodeLimit)
    self.trainingNodes = []
    for _ in 0..<nodeCount {
      self.trainingNodes.append(NodeID(rawValue: try reader.readUInt64()))
    }
    self.tables = []
    for _ in 0..<(try reader.readUInt16()) {
      self.tables.append(try TableSchema(decoding: &reader))
    }
    do throws(ModelError) { try self.validate() } catch { throw .invalidText(field: .table) }
  }
}
