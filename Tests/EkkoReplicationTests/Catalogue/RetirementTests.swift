import EkkoCore
import EkkoReplication
import EkkoStorage
import EkkoTransport
import Testing

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

  @Test func `an origin of which a member knows more is recovered before it is retired`()
    async throws
  {
    let loops = try CoreLoops.start(count: 1)
    let node = ReplicaNode(identity: Self.identity("t", 1), runtime: .live(loops: loops))
    let members = [Self.identity("t", 1), Self.identity("s", 2)].map { identity in
      MemberRecord(identity, endpoint: Endpoint(host: "127.0.0.1", port: 1))
    }
    node.update(
      Catalogue(rows: [.members: members.map { ($0.node.rawValue, $0.encode()) }]))
    // A shard whose writer is no member.
    var shard = Shard(
      id: Self.shard, schemas: TestCluster.schemas, formClass: .full, incarnation: Self.dead)
    let write = ShardWrite(
      kind: .put, table: TableID(rawValue: 0), keys: [1], values: .floats([1, 2, 3, 4]))
    _ = shard.write([write], request: nil, at: node.clock.now())
    let known = shard.knowledge[Self.dead].rawValue
    node.shards.add(
      ShardActor(shard, board: node.board, runtime: node.runtime, home: Home(index: 0)))
    let serving = KnowledgeReport.Member(
      node: members[1].node, incarnation: members[1].incarnation)

    #expect(Retirement.next(at: node) == nil)
    node.knowledge.note(serving, knows: [(Self.shard, Self.vector(known))])
    #expect(Retirement.next(at: node)?.incarnation == Self.dead)
    node.knowledge.note(serving, knows: [(Self.shard, Self.vector(known + 1))])
    #expect(Retirement.next(at: node) == nil)

    await loops.stop()
  }
}
