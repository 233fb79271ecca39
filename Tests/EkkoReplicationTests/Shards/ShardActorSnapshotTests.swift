import EkkoCore
import EkkoReplication
import EkkoStorage
import EkkoTransport
import Foundation
import Testing

@Suite struct ShardActorSnapshotTests {
  @Test func `an actor saves its shard while it goes on writing`() async throws {
    let directory = NSTemporaryDirectory() + "/ekko-snapshot-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await TestCluster.with(shardCount: 1) { cluster in
      let files = try POSIXFileStore(
        directory: directory, on: cluster.runtime.executor(for: Home(index: 1)))
      let node = try await cluster.start("a", roles: [.training], dataCentre: "dc1")
      let versions = await node.put(0..<20_000, value: 1, shards: cluster.shards)
      let shard = cluster.shards[0]
      let actor = try #require(node.node.shards[shard])

      async let saved: Void = actor.save(to: files)
      for _ in 0..<5 { _ = await node.put(0..<10, value: 2, shards: cluster.shards) }
      try await saved

      let loaded = try await ShardSnapshot.load(
        shard, from: files, formClass: .full, schemas: TestCluster.schemas,
        incarnation: IncarnationID(rawValue: 77), at: cluster.runtime.clock.now())
      #expect(loaded.rowCount == 20_000)
      #expect(versions.allSatisfy { loaded.knowledge.covers($0.1) })
      try loaded.checkInvariants()
      await node.stop()
    }
  }
}
