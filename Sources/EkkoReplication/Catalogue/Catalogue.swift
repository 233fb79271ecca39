package import EkkoCore
package import EkkoStorage
internal import EkkoTransport

/// What the whole cluster agrees on: models, members and retired origins (DESIGN §4).
///
/// It is itself model 0: one shard of bytes tables with a single writer, the founding training node,
/// and reaches every node by the same sync as everything else. This is the decoded copy of one
/// moment.
package struct Catalogue: Hashable, Sendable {
  package private(set) var models: [ModelID: ModelRecord] = [:]
  package private(set) var members: [NodeID: MemberRecord] = [:]
  /// Ascending by number, without gaps.
  package private(set) var retired: [RetireRecord] = []
  /// The node that may write the catalogue, once known.
  package private(set) var writer: NodeID?

  /// The catalogue's tables, by id.
  package enum Table: UInt16, CaseIterable, Sendable {
    /// Key: the model's id.
    case models = 0
    /// Key: the node's id.
    case members = 1
    /// Key: the record's number.
    case retired = 2
    /// Key 0: the id of the node that writes the catalogue.
    case writer = 3

    package var id: TableID { TableID(rawValue: self.rawValue) }

    /// The bytes a row may have.
    fileprivate var rowLength: Int {
      switch self {
      case .models, .retired: TableSchema.maximalRowLength
      case .members: 1024
      case .writer: 8
      }
    }
  }

  package static let schemas = Table.allCases.map { table in
    TableSchema(name: "\(table)", valueType: .bytes, rowLength: table.rowLength)
  }

  /// All models together have no more shards than this: an origin that wrote to each, and to the
  /// catalogue, can still be retired.
  package static let shardLimit = RetireRecord.sealLimit - 1

  package init() {}

  /// Decodes the rows of the catalogue's shard. A row that makes no sense to this version is left
  /// out: the others still count. But no retirement after one that is not understood: they are applied
  /// in order, or not at all.
  package init(rows: [Table: [(key: UInt64, value: [UInt8])]]) {
    for (_, value) in rows[.models] ?? [] {
      if let model = try? ModelRecord(decoding: value.span) { self.models[model.id] = model }
    }
    for (_, value) in rows[.members] ?? [] {
      if let member = try? MemberRecord(decoding: value.span) { self.members[member.node] = member }
    }
    let records = (rows[.retired] ?? []).compactMap { try? RetireRecord(decoding: $0.value.span) }
    for record in records.sorted(by: { $0.number < $1.number })
    where record.number == UInt64(self.retired.count + 1) {
      self.retired.append(record)
    }
    if let value = rows[.writer]?.first?.value {
      var reader = ByteReader(value.span)
      self.writer = (try? reader.readUInt64()).map(NodeID.init(rawValue:))
    }
  }

  /// The model of this name; should two have it, the one that was there first.
  package func model(named name: String) -> ModelRecord? {
    self.models.values.filter { $0.name == name }.min { $0.id < $1.id }
  }

  /// Whether the cluster has retired this life: it may issue nothing any more (DESIGN §5.1).
  package func retires(_ incarnation: IncarnationID) -> Bool {
    self.retired.contains { $0.incarnation == incarnation }
  }

  /// The models, ascending by name.
  package var modelsByName: [ModelRecord] {
    self.models.values.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
  }

  /// The members, ascending by data centre and name.
  package var membersByName: [MemberRecord] {
    self.members.values.sorted { ($0.dataCentre, $0.name) < ($1.dataCentre, $1.name) }
  }

  /// The training nodes, in the order models take them.
  package var trainingNodes: [MemberRecord] {
    self.membersByName.filter { $0.roles.contains(.training) }
  }

  package func primary(of shard: ShardID) -> NodeID? {
    shard.model == .catalogue ? self.writer : self.models[shard.model]?.primary(of: shard)
  }

  package var membership: Membership {
    Membership(
      self.members.mapValues {
        Membership.Entry(
          incarnation: $0.incarnation, dataCentre: $0.dataCentre, formClass: $0.form)
      })
  }

  /// Throws if the cluster would have too many shards with another model.
  func checkRoom(for model: ModelRecord) throws(ModelError) {
    let count = self.models.values.reduce(Int(model.shardCount)) { $0 + Int($1.shardCount) }
    guard count <= Self.shardLimit else { throw .clusterShardCount(count) }
  }

  /// An id no model has.
  package var freeModelID: ModelID {
    ModelID(rawValue: (self.models.keys.map(\.rawValue).max() ?? 0) + 1)
  }
}
