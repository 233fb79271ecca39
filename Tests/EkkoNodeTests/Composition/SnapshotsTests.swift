import EkkoCore
import EkkoReplication
import EkkoStorage
import EkkoTransport
import Testing

@testable import EkkoNode

@Suite(.timeLimit(.minutes(5))) struct SnapshotsTests {
  @Test func `a file that could not be read is not replaced`() async throws {
    let loops = try CoreLoops.start(count: 1)
    let identity = LinkIdentity(
      cluster: ClusterID(rawValue: 7), name: "t", incarnation: IncarnationID(rawValue: 1),
      roles: .training, dataCentre: "dc", form: .full)
    let node = ReplicaNode(identity: identity, runtime: .live(loops: loops))
    let schemas = [TableSchema(name: "rows", rowLength: 1)]
    let shard = ShardActor(
      Shard(
        id: ShardID(model: ModelID(rawValue: 1), index: 0), schemas: schemas, formClass: .full,
        incarnation: node.incarnation),
      board: node.board, runtime: node.runtime, home: Home(index: 0))
    let directory = try TemporaryDirectory()
    let files = try POSIXFileStore(directory: directory.path)
    func snapshots() -> Snapshots {
      Snapshots(files: files, node: node, interval: .seconds(3600), onTrouble: { _ in })
    }
    #expect(await snapshots().save(shard))
    let name = ShardSnapshot.name(of: shard.id)
    try directory.damage(name)
    let damaged = try directory.contents(of: name)

    let next = snapshots()
    let loaded = await next.load(shard.id, schemas: schemas, for: node) != nil
    #expect(!loaded)
    await #expect(throws: UnusableFiles.damagedSnapshot(name, .checksumMismatch)) {
      try await next.checkLoaded()
    }
    let isSaved = await next.save(shard)
    #expect(!isSaved)
    #expect(try directory.contents(of: name) == damaged)
    await loops.stop()
  }
}
