import EkkoCore
import EkkoStorage
import EkkoTransport
import Testing

@testable import EkkoReplication

@Suite(.timeLimit(.minutes(5))) struct CatalogueKeeperTests {
  /// A node that founds a cluster of its own, and tells it to `body`.
  private static func withFounder(
    source: any ShardSource = EmptyShards(),
    _ body: (CatalogueKeeper, ReplicaNode) async throws -> Void
  ) async throws {
    let loops = try CoreLoops.start(count: 2)
    let identity = LinkIdentity(
      cluster: ClusterID(rawValue: 7), name: "t", incarnation: IncarnationID(rawValue: 1),
      roles: .training, dataCentre: "dc", form: .full)
    let node = ReplicaNode(identity: identity, runtime: .live(loops: loops))
    let catalogue = Shard(
      id: .catalogue, schemas: Catalogue.schemas, formClass: .full, incarnation: node.incarnation)
    let keeper = CatalogueKeeper(
      node: node,
      shard: ShardActor(
        catalogue, board: node.board, runtime: node.runtime, home: Home(index: 1)),
      homes: 2, source: source)
    await keeper.found(
      as: MemberRecord(identity, endpoint: Endpoint(host: "127.0.0.1", port: 1)))
    let result: Result<Void, any Error>
    do { result = .success(try await body(keeper, node)) } catch { result = .failure(error) }
    await loops.stop()
    try result.get()
  }

  private static func draft(_ name: String, tables: [TableSchema]) -> ModelDraft {
    ModelDraft(name: name, application: "", shardCount: 1, tables: tables)
  }

  private static func tables(_ numbers: some Sequence<Int>) -> [TableSchema] {
    numbers.map { TableSchema(name: "t\($0)", rowLength: 4) }
  }

  @Test func `models created at the same time all are there, each with an id of its own`()
    async throws
  {
    try await Self.withFounder { keeper, node in
      let created = try await withThrowingTaskGroup(of: ModelRecord.self) { group in
        for number in 0..<20 {
          group.addTask {
            try await keeper.create(
              Self.draft("m\(number)", tables: Self.tables(0..<1)), trainingNodes: [node.nodeID])
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }

      #expect(Set(created.map(\.id)).count == 20)
      #expect(node.catalogue.modelsByName == created.sorted { $0.name < $1.name })
    }
  }

  @Test func `tables added at the same time all are there, in the catalogue and in the shard`()
    async throws
  {
    try await Self.withFounder { keeper, node in
      let model = try await keeper.create(
        Self.draft("m", tables: Self.tables(0..<1)), trainingNodes: [node.nodeID])

      try await withThrowingTaskGroup { group in
        for number in 1..<20 {
          group.addTask { _ = try await keeper.alter("m", tables: Self.tables([number])) }
        }
        try await group.waitForAll()
      }

      let tables = try #require(node.catalogue.models[model.id]?.tables)
      #expect(Set(tables.map(\.name)) == Set(Self.tables(0..<20).map(\.name)))
      try #require(tables.count == 20)
      // Its shard can be written in each of them.
      let shard = try #require(node.shards[model.shards[0]])
      let reply = await shard.write(
        [
          RowWrites(
            kind: .put, table: TableID(rawValue: 19), keys: [1], values: .floats([1, 2, 3, 4]))
        ], request: nil, epoch: .first, at: node.clock.now())
      guard case .outcome(.applied, _) = reply else { return #expect(Bool(false), "\(reply)") }
    }
  }

  @Test func `origins retired at the same time each have a record, and only one`() async throws {
    try await Self.withFounder { keeper, node in
      await withTaskGroup { group in
        for number in 0..<20 {
          group.addTask {
            await keeper.retire(IncarnationID(rawValue: UInt64(100 + number / 2)), seals: [:])
          }
        }
      }

      let retired = node.catalogue.retired
      #expect(retired.map(\.incarnation.rawValue).sorted() == Array(100..<110))
      #expect(node.retirements == 10)
    }
  }

  /// A joiner may read the records before the model: rows are here before their section's end.
  @Test func `shards that come after retire records are held to them`() async throws {
    try await Self.withFounder { keeper, node in
      let dead = IncarnationID(rawValue: 99)
      let shard = ShardID(model: ModelID(rawValue: 1), index: 0)
      await keeper.retire(dead, seals: [shard: Timestamp(rawValue: 5)])
      let model = try await keeper.create(
        Self.draft("m", tables: Self.tables(0..<1)), trainingNodes: [node.nodeID])

      let held = try #require(node.shards[shard])
      #expect(model.shards == [shard])
      #expect(await held.retiredOrigins == [dead])
      // It lacks what the record seals, and tells nobody that it knew anything.
      #expect(node.board[shard]?.needsReplacement == true)
      let told = node.allKnowledge(for: NodeID(name: "reader"))[0].bounds
      #expect(told[shard]?.isEmpty == true && told[.catalogue]?.isEmpty == true)
    }
  }

  /// Shards that are saved, or cannot be; what was saved, in order.
  private actor Saves: ShardSource {
    private let works: Bool
    private(set) var saved: [ShardID] = []

    init(works: Bool) { self.works = works }

    func save(_ shard: ShardActor) async -> Bool {
      self.saved.append(shard.id)
      return self.works || shard.id == .catalogue
    }

    func load(_ shard: ShardID, schemas: [TableSchema], for node: ReplicaNode) async -> Shard? {
      nil
    }
  }

  /// Else one that has lost its memory would not equal the seal, and if all have, nobody would.
  @Test(arguments: [false, true])
  func `an origin is retired once what it wrote is saved`(works: Bool) async throws {
    let source = Saves(works: works)
    try await Self.withFounder(source: source) { keeper, node in
      let model = try await keeper.create(
        Self.draft("m", tables: Self.tables(0..<1)), trainingNodes: [node.nodeID])
      let before = await source.saved.count

      await keeper.retire(
        IncarnationID(rawValue: 99), seals: [model.shards[0]: .zero])

      #expect(node.catalogue.retired.count == (works ? 1 : 0))
      #expect(
        await Array(source.saved[before...])
          == (works ? [model.shards[0], .catalogue] : [model.shards[0]]))
    }
  }

  /// Seed 42019: all held such rows but their primary, which had issued them anew, and lost its memory
  /// and files at once. Each waited for another to replace its rows from.
  @Test(arguments: [false, true])
  func `an origin is retired once its rows beyond the seal are issued anew`(
    isPrimary: Bool
  ) async throws {
    try await Self.withFounder(source: RowsBeyondKnowledge()) { keeper, node in
      let model = try await keeper.create(
        Self.draft("m", tables: Self.tables(0..<1)),
        trainingNodes: [isPrimary ? node.nodeID : NodeID(name: "u")])
      let dead = RowsBeyondKnowledge.origin
      #expect(await !keeper.retire(dead, seals: [:]))

      await keeper.reissueRows(beyond: Retirement(incarnation: dead, seals: [:]))

      #expect(await keeper.retire(dead, seals: [:]) == isPrimary)
      #expect(node.catalogue.retired.count == (isPrimary ? 1 : 0))
      #expect(node.board[model.shards[0]]?.needsReplacement == false)
    }
  }

  /// Whoever says that it has the whole catalogue has heard of every death in it.
  @Test func `what of the catalogue a node does not go by yet it does not tell`() async throws {
    try await Self.withFounder { keeper, node in
      let reader = NodeID(name: "reader")
      let before = node.allKnowledge(for: reader)[0].bounds[.catalogue]
      #expect(before == node.board[.catalogue]?.knowledge)
      let write = RowWrites(
        kind: .put, table: Catalogue.Table.members.id, keys: [7], values: .contents([[1]]))
      _ = await node.shards[.catalogue]?.write(
        [write], request: nil, epoch: .first, at: node.clock.now())

      #expect(node.board[.catalogue]?.knowledge != before)
      #expect(node.allKnowledge(for: reader)[0].bounds[.catalogue] == before)
      await keeper.refresh()
      #expect(
        node.allKnowledge(for: reader)[0].bounds[.catalogue]
          == node.board[.catalogue]?.knowledge)
    }
  }

  @Test func `an origin that is a member again is not retired`() async throws {
    try await Self.withFounder { keeper, node in
      await keeper.retire(node.incarnation, seals: [:])
      #expect(node.catalogue.retired.isEmpty)
    }
  }

  @Test func `of two that take a name from the same one, only one gets it`() async throws {
    try await Self.withFounder { keeper, node in
      let lives = (1...3).map { life in
        var identity = node.identity
        identity.name = "b"
        identity.incarnation = IncarnationID(rawValue: UInt64(10 + life))
        return MemberRecord(identity, endpoint: Endpoint(host: "127.0.0.1", port: UInt16(life)))
      }
      #expect(try await keeper.register(lives[0], inPlaceOf: nil))

      let taken = try await withThrowingTaskGroup(of: MemberRecord?.self) { group in
        for life in lives[1...] {
          group.addTask { try await keeper.register(life, inPlaceOf: lives[0]) ? life : nil }
        }
        return try await group.reduce(into: []) { $0 += [$1].compactMap(\.self) }
      }

      #expect(taken.count == 1)
      #expect(node.catalogue.members[lives[0].node] == taken.first)
      // Asked again, it has it.
      #expect(try await keeper.register(taken[0], inPlaceOf: lives[0]))
    }
  }

  @Test func `a longer time-to-live is refused with a sentence, a shorter one taken`() async throws
  {
    try await Self.withFounder { keeper, node in
      var tables = Self.tables(0..<1)
      tables[0].timeToLiveSeconds = 60
      _ = try await keeper.create(
        Self.draft("m", tables: tables), trainingNodes: [node.nodeID])

      let refusal = RequestFailure.invalid(
        "the time-to-live of table 't0' cannot become longer: rows that have expired may be gone")
      for longer: UInt32 in [61, 0] {
        tables[0].timeToLiveSeconds = longer
        await #expect(throws: refusal) {
          try await keeper.alter("m", tables: tables)
        }
      }
      tables[0].timeToLiveSeconds = 59
      let model = try await keeper.alter("m", tables: tables)
      #expect(model.tables[0].timeToLiveSeconds == 59)
    }
  }

  @Test func `models get no more shards together than a retire record can seal`() async throws {
    func model(_ shardCount: UInt32) -> ModelRecord {
      ModelRecord(
        id: ModelID(rawValue: shardCount), name: "m\(shardCount)", application: "",
        shardCount: shardCount, tables: Self.tables(0..<1), trainingNodes: [NodeID(name: "t")])
    }
    let catalogue = Catalogue(rows: [.models: [(3000, model(3000).encode())]])
    try catalogue.checkRoom(for: model(999))
    #expect(throws: ModelError.clusterShardCount(4000)) {
      try catalogue.checkRoom(for: model(1000))
    }

    try await Self.withFounder { keeper, node in
      var draft = Self.draft("m", tables: Self.tables(0..<1))
      draft.shardCount = 4000
      let why = "a model has 1 to 3999 shards, not 4000"
      await #expect(throws: RequestFailure.invalid(why)) {
        try await keeper.create(draft, trainingNodes: [node.nodeID])
      }
      #expect(node.catalogue.models.isEmpty)
    }
  }

  @Test func `a change that cannot be written now is not told as made`() async throws {
    try await Self.withFounder { keeper, node in
      let listed = try #require(node.catalogue.members[node.nodeID])
      await node.shards[.catalogue]?.distrust()
      let busy = RequestFailure.busy(retryAfter: .milliseconds(100))

      await #expect(throws: busy) {
        try await keeper.create(
          Self.draft("m", tables: Self.tables(0..<1)), trainingNodes: [node.nodeID])
      }
      var other = listed
      other.name = "b"
      await #expect(throws: busy) { try await keeper.register(other, inPlaceOf: nil) }
      await #expect(throws: busy) { try await keeper.remove(listed) }
      #expect(node.catalogue.models.isEmpty)
      #expect(Array(node.catalogue.members.keys) == [node.nodeID])
    }
  }

  /// Shards whose loading takes until somebody lets it end.
  private actor SlowShards: ShardSource {
    private let begun = Wakeup()
    private let mayEnd = Wakeup()
    private(set) var loadCount = 0

    func save(_ shard: ShardActor) async -> Bool { true }

    func load(_ shard: ShardID, schemas: [TableSchema], for node: ReplicaNode) async -> Shard? {
      self.loadCount += 1
      guard self.loadCount == 1 else { return nil }
      self.begun.signal()
      await self.mayEnd.wait()
      return nil
    }

    nonisolated func waitUntilBegun() async { await self.begun.wait() }
    nonisolated func endLoading() { self.mayEnd.signal() }
  }

  @Test func `a shard is made once, however many refreshes find it missing`() async throws {
    let source = SlowShards()
    try await Self.withFounder(source: source) { keeper, node in
      let draft = Self.draft("m", tables: TestCluster.schemas)
      async let created = keeper.create(draft, trainingNodes: [node.nodeID])
      await source.waitUntilBegun()
      let refresh = node.runtime.spawn(on: Home(index: 0)) { await keeper.refresh() }
      // It reads the catalogue, and would go on to load, in fewer turns of the two loops.
      for turn in 0..<20 { await node.runtime.spawn(on: Home(index: turn % 2)) {}.value }
      source.endLoading()
      let model = try await created
      await refresh.value

      #expect(await source.loadCount == 1)
      // Each actor of a shard announces it once at its beginning.
      let last = node.board[.catalogue]?.sequence ?? 0
      #expect(node.board[model.shards[0]]?.sequence == last + 1)
      #expect(node.board.sequence == last + 1)
    }
  }
}

extension ShardActor {
  fileprivate func distrust() { self.publishing { $0.requireReplacement() } }

  fileprivate var retiredOrigins: Set<IncarnationID> { self.shard.origins.retired }
}

/// Shards that have got a row of a section whose end never came.
private struct RowsBeyondKnowledge: ShardSource {
  static let origin = IncarnationID(rawValue: 99)

  func load(
    _ shard: ShardID, schemas: [TableSchema], for node: ReplicaNode
  ) async -> Shard? {
    var writer = Shard(id: shard, schemas: schemas, formClass: .full, incarnation: Self.origin)
    var reader = Shard(
      id: shard, schemas: schemas, formClass: .full, incarnation: node.incarnation)
    let (write, now) = (
      RowWrites(
        kind: .put, table: TableID(rawValue: 0), keys: [1], values: .floats([1, 2, 3, 4])),
      node.clock.now()
    )
    _ = writer.write([write], request: nil, at: now)
    var section = ByteWriter()
    let request = SectionRequest(
      shard: shard, nonce: 1, epoch: .first, formClass: .full, knowledge: VersionVector())
    guard case .opened(let walk) = writer.openWalk(for: request, announced: 0, into: &section)
    else { return nil }
    _ = writer.continueWalk(walk, byteLimit: 10_000, into: &section)
    var reception = SectionReception(
      nonce: 1, asked: request.knowledge, responder: writer.incarnation)
    for item in (try? SectionItem.decodeAll(section.bytes.span))?.dropLast() ?? [] {
      _ = reader.receive(item, in: section.bytes.span, reception: &reception, at: now)
    }
    return reader
  }

  func save(_ shard: ShardActor) async -> Bool { true }
}
