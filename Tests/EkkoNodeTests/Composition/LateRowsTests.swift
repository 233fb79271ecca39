import EkkoClient
import EkkoCore
import EkkoNode
import EkkoReplication
import EkkoSimulation
import EkkoStorage
import Testing

/// Rows of a life that is over, in nobody's knowledge, come to a replica that its primary has already
/// compared itself with (DESIGN §4).
@Suite(.timeLimit(.minutes(5))) struct LateRowsTests {
  private static let nodes: [PlannedNode] = [
    .training("t0", in: "t"), .training("t1", in: "t", join: ["t0"], keepsFiles: false),
    .inference("a0", in: "a", join: ["t1", "t0"], keepsFiles: false),
    .inference("b0", in: "b", join: ["a0", "t0"], keepsFiles: false),
  ]

  /// So slow that a section is under way for half a second.
  private static var network: NetworkShape {
    var shape = NetworkShape()
    shape.acrossDataCentres.bytesPerSecond = 300_000
    return shape
  }

  private static func holdsRows(
    of origin: IncarnationID, _ name: String, in cluster: SimulatedCluster
  ) -> Bool {
    guard let node = cluster.store(name)?.node else { return false }
    return node.shards.all.contains { node.board[$0.id]?.ahead[origin] ?? .zero > .zero }
  }

  private static func cut(
    _ some: [String], from others: [String], in cluster: SimulatedCluster
  ) -> NetworkFaultTicket {
    cluster.begin(NetworkFaultRule(.symmetricPartition, on: .between(some, others)))
  }

  @Test(arguments: UInt64(1)...2)
  func `what came late, from one that could not be asked, is taken back`(seed: UInt64) throws {
    let cluster = SimulatedCluster(seed: seed, nodes: Self.nodes, network: Self.network)
    let recovered = try cluster.run { cluster in
      let client = try await cluster.client(in: "t")
      try await client.createModel(
        "m", shards: 2, tables: [TableSchema(name: "rows", rowLength: 128)])
      try await cluster.converge(within: .seconds(10))
      guard let life = cluster.store("t1")?.node.incarnation else { return UInt64(0) }

      // The first that t1 writes gets to a0 alone, and only in part.
      let training = Self.cut(["t0"], from: ["t1"], in: cluster)
      let inference = Self.cut(["a0"], from: ["b0"], in: cluster)
      let keys = Array(UInt64(0)..<1600)
      try await client.put(
        keys, [Float](repeating: 1, count: keys.count * 128), to: "rows", of: "m")
      try await cluster.wait(within: .seconds(10), "a0 has rows of t1") {
        Self.holdsRows(of: life, "a0", in: cluster)
      }
      cluster.crash("t1")
      let isolation = cluster.partition(["a0"])

      // Its next life asks b0, which has nothing, and cannot ask a0.
      try await cluster.sleep(for: .seconds(1))
      cluster.end(training)
      cluster.restart("t1")
      try await cluster.wait(within: .seconds(20), "t1 may write") {
        cluster.store("t1")?.node.mayWrite == true
      }
      try await cluster.sleep(for: .seconds(8))

      // Then b0 gets those rows, and a0 loses them.
      let origins = Self.cut(["a0"], from: ["t0", "t1"], in: cluster)
      cluster.end(isolation)
      cluster.end(inference)
      try await cluster.wait(within: .seconds(30), "b0 has rows of t1") {
        Self.holdsRows(of: life, "b0", in: cluster)
      }
      cluster.crash("a0")
      cluster.end(origins)
      cluster.restart("a0")
      try await cluster.converge(within: RecoverySchedule.repetition * 2)
      try await cluster.wait(within: .seconds(5), "b0 forgets the life that is over") {
        !Self.holdsRows(of: life, "b0", in: cluster)
      }
      guard let node = cluster.store("t1")?.node else { return 0 }
      var recovered: UInt64 = 0
      for shard in node.shards.all {
        recovered += await shard.summary(withDigest: false).counters.rowsRecovered
      }
      return recovered
    }
    #expect(recovered > 0)
  }

  /// All cache entries of a shard died at once, and stayed until the next arrival.
  @Test func `many rows that go at once take their cache entries along`() throws {
    let cluster = SimulatedCluster(seed: 1, nodes: Array(Self.nodes.prefix(1)))
    try cluster.run { cluster in
      let client = try await cluster.client(in: "t")
      try await client.createModel(
        "m", shards: 1, tables: [TableSchema(name: "rows", rowLength: 1)])
      let keys = Array(UInt64(0)..<1000)
      try await client.put(keys, keys.map { _ in 1 }, to: "rows", of: "m")
      try await client.delete(keys, from: "rows", of: "m")
      // B1 is checked after each step.
      try await cluster.sleep(for: .seconds(20))
    }
  }
}
