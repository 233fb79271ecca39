import EkkoCore
import EkkoTransport
import Testing

@testable import EkkoReplication
@testable import EkkoStorage

@Suite struct RetirementTests {
  private static let shard = ShardID(model: ModelID(rawValue: 1), index: 0)
  private static let dead = IncarnationID(rawValue: 99)

  private static func identity(_ name: String, _ life: UInt64) -> LinkIdentity {
    LinkIdentity(
      cluster: ClusterID(rawValue: 7), name: name, incarnation: IncarnationID(rawValue: life),
      roles: name == "t" ? .training : .inference, dataCentre: "dc",
      form: name == "t" ? .full : .serving)
  }

  private static func vector(_ time: UInt64) -> VersionVector {
    VersionVector([ParameterVersion(timestamp: Timestamp(rawValue: time), origin: Self.dead)])
  }

  /// A cluster of a primary and another member, which alone knows what a dead origin wrote.
  ///
  /// - Parameter isAhead: whether the primary has but the rows of that, and not the knowledge.
  private static func withNode(
    isAhead: Bool = false,
    _ body: (ReplicaNode, _ other: KnowledgeReport.Member, _ known: UInt64) async throws -> Void
  ) async throws {
    let loops = try CoreLoops.start(count: 1)
    let node = ReplicaNode(identity: Self.identity("t", 1), runtime: .live(loops: loops))
    let members = [Self.identity("t", 1), Self.identity("s", 2)].map { identity in
      MemberRecord(identity, endpoint: Endpoint(host: "127.0.0.1", port: 1))
    }
    node.update(
      Catalogue(rows: [.members: members.map { ($0.node.rawValue, $0.encode()) }]))
    let write = RowWrites(
      kind: .put, table: TableID(rawValue: 0), keys: [1], values: .floats([1, 2, 3, 4]))
    // A shard whose writer is no member, and a catalogue.
    var known: [ShardID: UInt64] = [:]
    for (id, writer) in [(Self.shard, Self.dead), (ShardID.catalogue, node.incarnation)] {
      var shard = Shard(
        id: id, schemas: TestCluster.schemas, formClass: .full, incarnation: writer)
      _ = shard.write([write], request: nil, at: node.clock.now())
      known[id] = shard.knowledge[writer].rawValue
      if isAhead, writer == Self.dead {
        shard.ahead = shard.knowledge
        shard.knowledge = VersionVector()
      }
      node.shards.add(
        ShardActor(shard, board: node.board, runtime: node.runtime, home: Home(index: 0)))
    }
    let other = KnowledgeReport.Member(node: members[1].node, incarnation: members[1].incarnation)
    let result: Result<Void, any Error>
    do { result = .success(try await body(node, other, known[Self.shard] ?? 0)) } catch {
      result = .failure(error)
    }
    await loops.stop()
    try result.get()
  }

  /// `member` has told that it has the whole catalogue, and so has heard of every death.
  private static func noteCatalogue(of member: KnowledgeReport.Member, at node: ReplicaNode) {
    guard let catalogue = node.board[.catalogue]?.knowledge else { return }
    node.knowledge.note(member, knows: [(.catalogue, catalogue)])
  }

  /// Another reporter has told of one of the two alone, so the relay tells of each by itself.
  @Test func `a relay tells what a member may know beyond its bound, also of one member alone`()
    async throws
  {
    try await Self.withNode { node, other, known in
      let third = KnowledgeReport.Member(
        node: NodeID(name: "u"), incarnation: IncarnationID(rawValue: 3))
      var identity = Self.identity("u", 3)
      identity.incarnation = third.incarnation
      let members = [Self.identity("t", 1), Self.identity("s", 2), identity].map { identity in
        MemberRecord(identity, endpoint: Endpoint(host: "127.0.0.1", port: 1))
      }
      node.update(
        Catalogue(rows: [.members: members.map { ($0.node.rawValue, $0.encode()) }]))
      let both = KnowledgeReport.Group(
        members: [other, third].sorted(), bounds: [Self.shard: Self.vector(known - 1)],
        peaks: [Self.shard: Self.vector(known)])
      let one = KnowledgeReport.Group(
        members: [third], bounds: [Self.shard: Self.vector(known - 1)])
      node.knowledge.note(KnowledgeReport(groups: [both]), from: NodeID(name: "r1"))
      node.knowledge.note(KnowledgeReport(groups: [one]), from: NodeID(name: "r2"))

      let told = node.allKnowledge(for: NodeID(name: "reader")).filter {
        $0.members == [other]
      }
      #expect(told.map { $0.bounds[Self.shard] } == [Self.vector(known - 1)])
      #expect(told.map { $0.peaks[Self.shard] } == [Self.vector(known)])
    }
  }

  /// What it loaded may be all there is of what a dead origin wrote.
  @Test func `who awaits its clock has not told all, and retires nobody`() async throws {
    try await Self.withNode { node, other, known in
      node.knowledge.note(other, knows: [(Self.shard, Self.vector(known))])
      Self.noteCatalogue(of: other, at: node)
      let reader = NodeID(name: "reader")
      node.update(node.catalogue, knowledge: try #require(node.board[.catalogue]).knowledge)
      #expect(node.allKnowledge(for: reader)[0].bounds[.catalogue]?.isEmpty == false)
      #expect(!Retirement.due(at: node).isEmpty)

      var doubted = Shard(
        id: ShardID(model: ModelID(rawValue: 1), index: 1), schemas: TestCluster.schemas,
        formClass: .full, incarnation: node.incarnation)
      doubted.loadedBeyond = Timestamp(rawValue: 1)
      node.shards.add(
        ShardActor(doubted, board: node.board, runtime: node.runtime, home: Home(index: 0)))
      #expect(node.board[doubted.id]?.awaitsClock == true)
      #expect(node.allKnowledge(for: reader)[0].bounds[.catalogue]?.isEmpty == true)
      #expect(Retirement.due(at: node).isEmpty)
    }
  }

  @Test func `an origin of which a member knows more is recovered before it is retired`()
    async throws
  {
    try await Self.withNode { node, other, known in
      #expect(Retirement.due(at: node).isEmpty)
      node.knowledge.note(other, knows: [(Self.shard, Self.vector(known))])
      Self.noteCatalogue(of: other, at: node)
      #expect(Retirement.due(at: node).map(\.incarnation) == [Self.dead])
      node.knowledge.note(other, knows: [(Self.shard, Self.vector(known + 1))])
      #expect(Retirement.due(at: node).isEmpty)
    }
  }

  /// What it told before it heard of the death may be less than it had got by then.
  @Test func `an origin is retired once every member has spoken after hearing of its death`()
    async throws
  {
    try await Self.withNode { node, other, known in
      node.knowledge.note(other, knows: [(Self.shard, Self.vector(known))])
      #expect(Retirement.due(at: node).isEmpty)
      Self.noteCatalogue(of: other, at: node)
      #expect(Retirement.due(at: node).map(\.incarnation) == [Self.dead])
    }
  }

  @Test func `an origin of which there are only rows that nobody's knowledge covers is retired`()
    async throws
  {
    try await Self.withNode(isAhead: true) { node, other, _ in
      Self.noteCatalogue(of: other, at: node)
      let next = try #require(Retirement.due(at: node).first)
      #expect(next.incarnation == Self.dead && next.seals.isEmpty)
    }
  }

  /// Of several members the minimum is told, and that one of them has more.
  @Test func `an origin of which some member of a group knows more is not retired`() async throws {
    try await Self.withNode { node, other, known in
      Self.noteCatalogue(of: other, at: node)
      let report = KnowledgeReport(groups: [
        .init(
          members: [other], bounds: [Self.shard: Self.vector(known)],
          peaks: [Self.shard: Self.vector(known + 1)])
      ])
      node.knowledge.note(report, from: NodeID(rawValue: 5))
      #expect(Retirement.due(at: node).isEmpty)
    }
  }
}
