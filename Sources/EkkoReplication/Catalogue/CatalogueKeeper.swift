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
  /// Refreshes go one after another: an earlier reading must not overwrite what follows a later one.
  nonisolated private let refreshes = Turnstile()

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

  /// Reads the catalogue as it is now and makes this node follow it. Whoever is cancelled while others
  /// do that leaves it to the next refresh.
  package func refresh() async {
    guard await self.refreshes.enter() else { return }
    defer { self.refreshes.leave() }
    let (catalogue, knowledge) = await self.shard.catalogueAndKnowledge()
    for model in catalogue.modelsByName { await self.hold(model, in: catalogue) }
    // Reads ask for a record as soon as a shard says that it has applied it.
    self.node.update(catalogue, knowledge: knowledge)
    for record in catalogue.retired where record.number > self.node.shards.retirements {
      await self.retire(record, in: catalogue)
    }
  }

  private func hold(_ model: ModelRecord, in catalogue: Catalogue) async {
    let isNew = self.node.catalogue.models[model.id] == nil
    guard isNew || self.node.catalogue.models[model.id]?.tables != model.tables else { return }
    let applied = self.node.shards.retirements
    let retired = catalogue.retired.filter { $0.number <= applied }
    for (number, id) in model.shards.enumerated() {
      if let held = self.node.shards[id] {
        await held.updateSchemas(model.tables)
        continue
      }
      var shard =
        await self.source.load(id, schemas: model.tables, for: self.node)
        ?? Shard(
          id: id, schemas: model.tables, formClass: self.node.formClass,
          incarnation: self.node.incarnation, epoch: model.epoch)
      // Records may be here before the model is.
      for record in retired {
        _ = shard.applyRetirement(of: record.incarnation, seal: record.seals[id] ?? .zero)
      }
      self.node.shards.add(
        ShardActor(
          shard, board: self.node.board, runtime: self.node.runtime,
          home: Home(index: number % self.homes), horizon: self.node.methods.firstHorizon))
    }
  }

  /// Applies a record to every shard before the number that says so goes up (DESIGN §5.1).
  private func retire(_ record: RetireRecord, in catalogue: Catalogue) async {
    for actor in self.node.shards.all {
      let seal = record.seals[actor.id] ?? .zero
      guard catalogue.primary(of: actor.id) == self.node.nodeID else {
        await actor.retire(record.incarnation, seal: seal, reissuingAt: nil)
        continue
      }
      let (ticket, now) = self.node.board.beginWrite(at: self.node.clock.now())
      await actor.retire(record.incarnation, seal: seal, reissuingAt: now)
      self.node.board.endWrite(ticket)
    }
    self.node.shards.retirements = record.number
  }

  // MARK: Writing

  /// Makes this node the catalogue's writer: done once, by the node that founds the cluster.
  package func found(as member: MemberRecord) async {
    var writer = ByteWriter()
    writer.write(member.node.rawValue)
    let bytes = writer.bytes
    // A writer that starts again with a catalogue it is in doubt about is listed later.
    try? await self.change { _ in
      ((), [.put(bytes, key: 0, of: .writer), .put(member)])
    }
  }

  /// Lists a member in its present life.
  ///
  /// - Parameter former: who was listed under its name when it was found that it may have that.
  /// - Returns: false if another is by now, or the life has been retired; then nothing has changed.
  package func register(
    _ member: MemberRecord, inPlaceOf former: MemberRecord?
  ) async throws(RequestFailure) -> Bool {
    try await self.change { catalogue in
      let listed = catalogue.members[member.node]
      if listed == member { return (true, []) }
      if catalogue.retires(member.incarnation) { return (false, []) }
      return listed == former ? (true, [.put(member)]) : (false, [])
    }
  }

  /// Takes a member off the list, unless a later life of it has come.
  package func remove(_ member: MemberRecord) async throws(RequestFailure) {
    try await self.change { catalogue in
      ((), catalogue.members[member.node] == member ? [.delete(member)] : [])
    }
  }

  /// Creates a model whose primaries are `trainingNodes`, or confirms that it exists just so.
  package func create(
    _ draft: ModelDraft, trainingNodes: [NodeID]
  ) async throws(RequestFailure) -> ModelRecord {
    try await self.change { catalogue throws(RequestFailure) in
      if let known = catalogue.model(named: draft.name) {
        guard draft.describes(known) else { throw RequestFailure(.exists(draft.name)) }
        return (known, [])
      }
      let model = ModelRecord(
        id: catalogue.freeModelID, name: draft.name, application: draft.application,
        shardCount: draft.shardCount, tables: draft.tables, trainingNodes: trainingNodes)
      do throws(ModelError) {
        try model.validate()
        try catalogue.checkRoom(for: model)
      } catch {
        throw RequestFailure(error)
      }
      return (model, [.put(model)])
    }
  }

  /// Adds tables to a model, and changes of its tables what may be changed (DESIGN §4).
  package func alter(
    _ name: String, tables: [TableSchema]
  ) async throws(RequestFailure) -> ModelRecord {
    try await self.change { catalogue throws(RequestFailure) in
      guard var model = catalogue.model(named: name) else { throw .unknownModel(name) }
      do throws(ModelError) { try model.alter(tables) } catch { throw RequestFailure(error) }
      return (model, [.put(model)])
    }
  }

  /// Issues the rows of an origin beyond what is to be sealed anew, in the shards this node is primary
  /// of: once these have spread, nobody holds any of those.
  package func reissueRows(beyond due: Retirement) async {
    for actor in self.node.shards.all
    where self.node.catalogue.primary(of: actor.id) == self.node.nodeID {
      let seal = due.seals[actor.id] ?? .zero
      guard let held = self.node.board[actor.id], held.ahead[due.incarnation] > seal
      else { continue }
      let (ticket, now) = self.node.board.beginWrite(at: self.node.clock.now())
      await actor.reissueRows(of: due.incarnation, beyond: seal, at: now)
      self.node.board.endWrite(ticket)
    }
  }

  /// Writes the next retire record, unless the origin is retired already, or a member after all.
  ///
  /// Nor while this node itself would not be sealed: it holds rows beyond the seal that their primary has
  /// yet to issue anew, or what is to be sealed cannot be saved. Others may be in that state, or lose
  /// their memory, even all of them; then each would wait for another to replace its rows from. This
  /// one is sealed whatever happens, and gives the others theirs.
  ///
  /// - Returns: whether it was written.
  @discardableResult
  package func retire(_ incarnation: IncarnationID, seals: [ShardID: Timestamp]) async -> Bool {
    guard await self.isSealed(incarnation, at: seals) else { return false }
    for actor in self.node.shards.all where seals[actor.id] != nil {
      guard await self.source.save(actor) else { return false }
    }
    // More may have come meanwhile.
    guard await self.isSealed(incarnation, at: seals) else { return false }
    // What cannot be written now is found again before long.
    let isWritten = try? await self.change { catalogue in
      guard !catalogue.retires(incarnation),
        !catalogue.members.values.contains(where: { $0.incarnation == incarnation })
      else { return (false, []) }
      let number = UInt64(catalogue.retired.count + 1)
      let record = RetireRecord(number: number, incarnation: incarnation, seals: seals)
      return (true, [.put(record.encode(), key: number, of: .retired)])
    }
    return isWritten ?? false
  }

  /// Whether every shard here has all of an origin up to its seal, and nothing beyond.
  private func isSealed(_ origin: IncarnationID, at seals: [ShardID: Timestamp]) async -> Bool {
    for actor in self.node.shards.all {
      guard await actor.isSealed(origin, at: seals[actor.id] ?? .zero) else { return false }
    }
    return true
  }

  /// How soon to ask again for a change that could not be saved.
  private static let savingPause = Duration.milliseconds(100)

  /// Changes the catalogue as `decide` wants on seeing it, and makes this node follow it.
  ///
  /// - Throws: `.busy` also if it was changed and could not be saved.
  private func change<Answer: Sendable>(
    _ decide:
      @Sendable (Catalogue) throws(RequestFailure) -> (
        answer: Answer, writes: [RowWrites]
      )
  ) async throws(RequestFailure) -> Answer {
    let answer = try await self.write(decide)
    // What the cluster is told it has must survive this node, which alone may write it. Whoever asks for
    // the same again finds it written, and it is saved then.
    let isSaved = await self.source.save(self.shard)
    await self.refresh()
    guard isSaved else { throw .busy(retryAfter: Self.savingPause) }
    return answer
  }

  private func write<Answer: Sendable>(
    _ decide:
      @Sendable (Catalogue) throws(RequestFailure) -> (
        answer: Answer, writes: [RowWrites]
      )
  ) async throws(RequestFailure) -> Answer {
    let (ticket, now) = self.node.board.beginWrite(at: self.node.clock.now())
    defer { self.node.board.endWrite(ticket) }
    return try await self.shard.changeCatalogue(at: now, decide)
  }
}

extension RequestFailure {
  /// No such model can exist.
  fileprivate init(_ error: ModelError) { self = .invalid(error.description) }
}

extension RowWrites {
  fileprivate static func put(
    _ value: [UInt8], key: UInt64, of table: Catalogue.Table
  ) -> RowWrites {
    RowWrites(kind: .put, table: table.id, keys: [key], values: .contents([value]))
  }

  fileprivate static func put(_ member: MemberRecord) -> RowWrites {
    .put(member.encode(), key: member.node.rawValue, of: .members)
  }

  fileprivate static func put(_ model: ModelRecord) -> RowWrites {
    .put(model.encode(), key: UInt64(model.id.rawValue), of: .models)
  }

  fileprivate static func delete(_ member: MemberRecord) -> RowWrites {
    RowWrites(
      kind: .delete, table: Catalogue.Table.members.id, keys: [member.node.rawValue],
      values: .none)
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

  /// Saves the shard as it is now, or later.
  ///
  /// - Returns: false if that failed.
  func save(_ shard: ShardActor) async -> Bool
}

/// A node that keeps nothing.
package struct EmptyShards: ShardSource {
  package init() {}

  package func load(
    _ shard: ShardID, schemas: [TableSchema], for node: ReplicaNode
  ) async -> Shard? { nil }

  package func save(_ shard: ShardActor) async -> Bool { true }
}
