import EkkoCore
import EkkoReplication
import EkkoStorage
import EkkoTransport
import Testing

@Suite(.timeLimit(.minutes(5))) struct CatalogueKeeperTests {
  /// Shards whose loading takes until it was begun twice.
  private actor SlowShards: ShardSource {
    private let begun = Wakeup()
    private let mayEnd = Wakeup()
    private var count = 0

    func load(_ shard: ShardID, schemas: [TableSchema], for node: ReplicaNode) async -> Shard? {
      self.count += 1
      guard self.count == 1 else {
        self.mayEnd.signal()
        return nil
      }
      self.begun.signal()
      await self.mayEnd.wait()
      return nil
    }

    nonisolated func waitUntilBegun() async { await self.begun.wait() }
  }

  @Test func `a shard is made once, however many refreshes find it missing`() async throws {
    let loops = try CoreLoops.start(count: 1)
    let identity = LinkIdentity(
      cluster: ClusterID(rawValue: 7), name: "t", incarnation: IncarnationID(rawValue: 1),
      roles: .training, dataCentre: "dc", form: .full)
    let node = ReplicaNode(identity: identity, runtime: .live(loops: loops))
    let catalogue = Shard(
      id: .catalogue, schemas: Catalogue.schemas, formClass: .full, incarnation: node.incarnation)
    let source = SlowShards()
    let keeper = CatalogueKeeper(
      node: node,
      shard: ShardActor(
        catalogue, board: node.board, runtime: node.runtime, home: Home(index: 0)),
      homes: 1, source: source)
    await keeper.found(
      as: MemberRecord(identity, endpoint: Endpoint(host: "127.0.0.1", port: 1)))
    let draft = ModelDraft(
      name: "m", application: "", shardCount: 1, tables: TestCluster.schemas)

    async let created = keeper.create(draft, trainingNodes: [node.nodeID])
    await source.waitUntilBegun()
    await keeper.refresh()
    let model = try await created

    // Each actor of a shard announces it once at its beginning.
    let last = node.board[.catalogue]?.sequence ?? 0
    #expect(node.board[model.shards[0]]?.sequence == last + 1)
    #expect(node.board.sequence == last + 1)
    await loops.stop()
  }
}
