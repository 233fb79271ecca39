package import EkkoCore
package import EkkoStorage

/// Keeps this node in step with the catalogue: reads its shard whenever it changes, creates the
/// shards of new models, applies retire records; and writes it, if this node is its writer.
package actor CatalogueKeeper {
  private let node: ReplicaNode
  private let shard: ShardActor
  private let homes: Int
  private let executor: ActorExecutor
  /// Loads a shard from this node's files, if they hold one; see `ShardSource`.
  private let source: any ShardSource

  nonisolated package var unownedExecutor: UnownedSerialExecutor { unsafe self.executor.unowned }

  package init(
    node: ReplicaNode, shard: ShardActor, homes: Int, source: any ShardSource = EmptyShards()
  ) {
    self.node = node
    self.shard = shard
    self.homes = max(1, homes)
    self.source = source
    self.executor = node.runtime.executor(for: Home(index: 0))
    node.shards.add(shard)
  }

  /// Follows the catalogue until cancelled.
  package func run() async {
    var seen: UInt64 = 0
    while !Task.isCancelled {
      // Read before the rows, so that a change in between is seen by the next round.
      seen = self.node.board[.catalogue]?.sequence ?? 0
      await self.refresh()
      let deadline = self.node.clock.now().monotonic.advanced(by: .seconds(60))
      _ = await self.node.board.wait(for: .catalogue, after: seen, until: deadline)
    }
  }

  /// Reads the catalogue as it is now and makes this node follow it.
  package func refresh() async {
    let catalogue = await self.read()
    for model in catalogue.modelsByName { await self.hold(model) }
    for record in catalogue.retired where record.number > self.node.shards.retirements {
      await self.retire(record)
    }
    self.node.update(catalogue)
  }

  private func read() async -> Catalogue {
    var rows: [Catalogue.Table: [(key: UInt64, value: [UInt8])]] = [:]
    for table in Catalogue.Table.allCases {
      rows[table] = await self.shard.contents(of: table.id)
    }
    return Catalogue(rows: rows)
  }

  private func hold(_ model: ModelRecord) async {
    let isNew = self.node.catalogue.models[model.id] == nil
    guard isNew || self.node.catalogue.models[model.id]?.tables != model.tables else { return }
    for (number, id) in model.shards.enumerated() {
      if let held = self.node.shards[id] {
        await held.updateSchemas(model.tables)
        continue
      }
      let shard =
        await self.source.load(id, schemas: model.tables, for: self.node)
        ?? Shard(
          id: id, schemas: model.tables, formClass: self.node.formClass,
          incarnation: self.node.incarnation, epoch: model.epoch)
      // Another refresh may have loaded it meanwhile; its actor may hold writes already.
      guard self.node.shards[id] == nil else { continue }
      self.node.shards.add(
        ShardActor(
          shard, board: self.node.board, runtime: self.node.runtime,
          home: Home(index: number % self.homes)))
    }
  }

  /// Applies a record to every shard before the number that says so goes up (DESIGN §5.1).
  private func retire(_ record: RetireRecord) async {
    for actor in self.node.shards.all {
      await actor.retire(record.incarnation, seal: record.seals[actor.id] ?? .zero)
    }
    self.node.shards.retirements = record.number
  }

  // MARK: Writing

  /// Makes this node the catalogue's writer: done once, by the node that founds the cluster.
  package func found(as member: MemberRecord) async {
    var writer = ByteWriter()
    writer.write(member.node.rawValue)
    await self.put(writer.bytes, key: 0, of: .writer)
    await self.put(member.encode(), key: member.node.rawValue, of: .members)
    await self.refresh()
  }

  /// Lists a member in its present life.
  package func register(_ member: MemberRecord) async {
    guard self.node.catalogue.members[member.node] != member else { return }
    await self.put(member.encode(), key: member.node.rawValue, of: .members)
    await self.refresh()
  }

  /// Takes a member off the list, unless a later life of it has come.
  package func remove(_ member: MemberRecord) async {
    guard self.node.catalogue.members[member.node] == member else { return }
    await self.write(
      ShardWrite(
        kind: .delete, table: Catalogue.Table.members.id, keys: [member.node.rawValue],
        values: .none))
    await self.refresh()
  }

  /// Creates a model whose primaries are `trainingNodes`, or confirms that it exists just so.
  package func create(
    _ draft: ModelDraft, trainingNodes: [NodeID]
  ) async throws(ModelError) -> ModelRecord {
    let catalogue = await self.read()
    if let known = catalogue.model(named: draft.name) {
      guard draft.describes(known) else { throw .exists(draft.name) }
      return known
    }
    let model = ModelRecord(
      id: catalogue.freeModelID, name: draft.name, application: draft.application,
      shardCount: draft.shardCount, tables: draft.tables,
      trainingNodes: trainingNodes)
    try model.validate()
    await self.put(model.encode(), key: UInt64(model.id.rawValue), of: .models)
    await self.refresh()
    return model
  }

  /// Adds tables to a model, and changes of its tables what may be changed (DESIGN §4).
  package func alter(
    _ name: String, tables: [TableSchema]
  ) async throws(ModelError) -> ModelRecord? {
    guard var model = await self.read().model(named: name) else { return nil }
    for var table in tables {
      guard let place = model.tables.firstIndex(where: { $0.name == table.name }) else {
        table.revision = 0
        model.tables.append(table)
        continue
      }
      let current = model.tables[place]
      table.revision = current.revision
      guard table != current else { continue }
      guard current.canBecome(table) else { throw .change(table: table.name) }
      table.revision += 1
      model.tables[place] = table
    }
    try model.validate()
    await self.put(model.encode(), key: UInt64(model.id.rawValue), of: .models)
    await self.refresh()
    return model
  }

  /// Writes the next retire record, if it still is the next.
  package func retireNext(_ incarnation: IncarnationID, seals: [ShardID: Timestamp]) async {
    let number = await UInt64(self.read().retired.count + 1)
    let record = RetireRecord(number: number, incarnation: incarnation, seals: seals)
    await self.put(record.encode(), key: number, of: .retired)
    await self.refresh()
  }

  private func put(_ value: [UInt8], key: UInt64, of table: Catalogue.Table) async {
    await self.write(
      ShardWrite(kind: .put, table: table.id, keys: [key], values: .contents([value])))
  }

  private func write(_ write: ShardWrite) async {
    let (ticket, now) = self.node.board.beginWrite(at: self.node.clock.now())
    defer { self.node.board.endWrite(ticket) }
    _ = await self.shard.write([write], request: nil, epoch: .first, at: now)
  }
}

/// A model to be created.
package struct ModelDraft: Hashable, Sendable {
  package var name: String
  package var application: String
  package var shardCount: UInt32
  package var tables: [TableSchema]

  package init(
    name: String, application: String, shardCount: UInt32, tables: [TableSchema]
  ) {
    self.name = name
    self.application = application
    self.shardCount = shardCount
    self.tables = tables
  }

  /// Whether `model` is what this draft asks for.
  func describes(_ model: ModelRecord) -> Bool {
    model.application == self.application && model.shardCount == self.shardCount
      && model.tables == self.tables
  }
}

/// Where a node that starts finds what it held before.
package protocol ShardSource: Sendable {
  /// The shard as it was saved, in the node's present life; `nil` if there is nothing of use.
  func load(
    _ shard: ShardID, schemas: [TableSchema], for node: ReplicaNode
  ) async -> Shard?
}

/// A node that keeps nothing.
package struct EmptyShards: ShardSource {
  package init() {}

  package func load(
    _ shard: ShardID, schemas: [TableSchema], for node: ReplicaNode
  ) async -> Shard? { nil }
}
