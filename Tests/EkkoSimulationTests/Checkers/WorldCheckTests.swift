import EkkoClient
import EkkoCore
import EkkoReplication
import Testing

@testable import EkkoSimulation

/// Each mistake that only a whole cluster shows, made by hand.
@Suite(.timeLimit(.minutes(5))) struct WorldCheckTests {
  private static func cluster() -> SimulatedCluster {
    SimulatedCluster(
      seed: 1, nodes: [.training("t0", in: "t"), .inference("a0", in: "a", join: ["t0"])])
  }

  private static func client(of cluster: SimulatedCluster) async throws -> EkkoClient {
    let client = try await cluster.client(in: "t")
    try await client.createModel("m", tables: [TableSchema(name: "rows", rowLength: 1)])
    try await client.put([1], [1], to: "rows", of: "m")
    try await cluster.converge(within: .seconds(5))
    return client
  }

  /// What comes of a cluster in which somebody writes as long as `body` runs.
  private static func failure(
    whileWriting body: @escaping @Sendable (SimulatedCluster) async -> Void
  ) -> SimulatedCluster.Failure? {
    #expect(throws: SimulatedCluster.Failure.self) {
      try Self.cluster().run { cluster in
        let client = try await Self.client(of: cluster)
        await withDiscardingTaskGroup { group in
          group.addTask {
            while !Task.isCancelled {
              _ = try? await client.put([1], [2], to: "rows", of: "m")
              await cluster.world.sleep(.milliseconds(100))
            }
          }
          await body(cluster)
          group.cancelAll()
        }
      }
    }
  }

  @Test func `S2: somebody still writes`() {
    let failure = Self.failure { await $0.world.rest(for: .milliseconds(700)) }
    #expect(failure?.invariant == .s2)
  }

  @Test func `L2: what a node knows is in no file`() {
    let failure = Self.failure { cluster in
      while cluster.world.watch.violation == nil, cluster.now < .seconds(30) {
        cluster.node("a0").disk?.files = [:]
        await cluster.world.sleep(.milliseconds(10))
      }
    }
    #expect(failure?.invariant == .l2)
    #expect(failure?.detail.hasPrefix("a0, shard ") == true)
  }

  @Test func `L3: a node says it has seen what it lacks`() throws {
    try Self.cluster().run { cluster in
      _ = try await Self.client(of: cluster)
      try await cluster.sleep(for: .seconds(1))
      let primary = try #require(cluster.node("t0").life)
      let life = try #require(cluster.node("a0").life)
      let (origin, replica) = (try #require(primary.replica), try #require(life.replica))
      let seen = try #require(replica.board.lastAsOf[origin.nodeID])
      let shard = try #require(life.mirrors.first { $0.actor.id != .catalogue }).actor.id

      for (microseconds, broken) in [(seen + 1, nil), (seen, Invariant.l3)] {
        let history = ShardHistory(shard: shard, walls: WallRecord())
        try history.issue(
          ParameterVersion(
            timestamp: Timestamp(microseconds: microseconds, counter: 0),
            origin: origin.incarnation),
          of: ShardHistory.RowKey(table: 0, key: 1), isTombstone: false, hash: 1, form: .full,
          value: nil)
        let found = FreshnessComparison.check(life, among: [life, primary], [shard: history])
        #expect(found?.invariant == broken)
      }
    }
  }
}
