import EkkoCore
import EkkoReplication
import EkkoStorage
import EkkoTransport
import Testing

@Suite(.serialized, .timeLimit(.minutes(5))) struct ReplicaTests {
  @Test func `what a primary writes reaches a replica two hops away`() async throws {
    try await TestCluster.with { cluster in
      let primary = try await cluster.start("a", roles: .training, dataCentre: "dc1")
      let leader = try await cluster.start(
        "b", roles: .inference, dataCentre: "dc2", from: [primary.endpoint])
      let follower = try await cluster.start(
        "c", roles: .inference, dataCentre: "dc2", from: [leader.endpoint])
      for round in 1...5 {
        let versions = await primary.put(0..<200, value: Float(round), shards: cluster.shards)
        #expect(await follower.covers(versions))
      }
      #expect(await follower.digests() == primary.digests())
      let rows = await follower.node.shards[cluster.shards[0]]!.read(
        [3], of: TableID(rawValue: 0), missing: .report)
      #expect(rows.weights == [5, 5, 5, 5])
      for node in [follower, leader, primary] { await node.stop() }
    }
  }

  @Test func `two primaries that pull from each other converge and fall quiet`() async throws {
    try await TestCluster.with { cluster in
      let a = try await cluster.start("a", roles: .training, dataCentre: "dc1")
      let b = try await cluster.start(
        "b", roles: .training, dataCentre: "dc1", from: [a.endpoint])
      await a.replica.pull(from: b.endpoint)
      let first = await a.put(0..<50, value: 1, shards: [cluster.shards[0]])
      let second = await b.put(25..<75, value: 2, shards: [cluster.shards[0]])
      #expect(await b.covers(first))
      #expect(await a.covers(second))
      #expect(await a.digests() == b.digests())
      for node in [a, b] { await node.stop() }
    }
  }

  @Test func `a replica that starts late takes everything by a scan`() async throws {
    try await TestCluster.with { cluster in
      let primary = try await cluster.start("a", roles: .training, dataCentre: "dc1")
      let versions = await primary.put(0..<5000, value: 1, shards: cluster.shards)
      let late = try await cluster.start(
        "b", roles: .inference, dataCentre: "dc2", from: [primary.endpoint])
      #expect(await late.covers(versions))
      #expect(await late.digests() == primary.digests())
      for node in [late, primary] { await node.stop() }
    }
  }
}
