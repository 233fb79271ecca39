import EkkoCore
import EkkoTransport
import Testing

@testable import EkkoReplication
@testable import EkkoStorage

@Suite struct RecoverySurveyTests {
  /// Found by simulation: rows of its files came from beyond the future bound, as it seemed, and were to
  /// be issued anew. The primary asked for what it had lost meanwhile, with times that were taken back:
  /// others waited for them for ever.
  @Test func `a shard that waits to know whose clock was wrong asks for nothing`() async throws {
    let identity = LinkIdentity(
      cluster: ClusterID(rawValue: 7), name: "t", incarnation: IncarnationID(rawValue: 1),
      roles: .training, dataCentre: "dc", form: .full)
    let loops = try CoreLoops.start(count: 1)
    let node = ReplicaNode(identity: identity, runtime: .live(loops: loops))
    let member = MemberRecord(identity, endpoint: Endpoint(host: "127.0.0.1", port: 1))
    let model = ModelRecord(
      id: ModelID(rawValue: 1), name: "m", application: "", shardCount: 2,
      tables: TestCluster.schemas, trainingNodes: [node.nodeID])
    node.update(
      Catalogue(rows: [
        .members: [(member.node.rawValue, member.encode())],
        .models: [(UInt64(model.id.rawValue), model.encode())],
      ]))
    for (id, doubt) in zip(model.shards, [nil, Timestamp(rawValue: 1)]) {
      var shard = Shard(
        id: id, schemas: TestCluster.schemas, formClass: .full, incarnation: node.incarnation)
      shard.loadedBeyond = doubt
      node.shards.add(
        ShardActor(shard, board: node.board, runtime: node.runtime, home: Home(index: 0)))
    }

    #expect(RecoverySurvey(node) == nil)
    node.allowVersions()
    let survey = try #require(RecoverySurvey(node))
    #expect(survey.shards.map(\.id) == [model.shards[0]])
    #expect(!survey.isWhole)
    await loops.stop()
  }
}
