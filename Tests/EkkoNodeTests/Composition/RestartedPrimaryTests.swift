import EkkoClient
import EkkoCore
import EkkoSimulation
import EkkoStorage
import Testing

/// A primary that starts again, with older files than what was acknowledged: in virtual time, several
/// orders of events each.
@Suite(.timeLimit(.minutes(5))) struct RestartedPrimaryTests {
  private static let tables = [
    TableSchema(name: "rows", rowLength: 1, optimiser: .sgd(learningRate: 1))
  ]
  private static let keys = Array(UInt64(1)...8)

  private static func create(_ cluster: SimulatedCluster) async throws -> EkkoClient {
    let client = try await cluster.client(in: "t")
    try await client.createModel("m", shards: 4, tables: Self.tables)
    return client
  }

  /// Takes one off each row.
  private static func push(
    _ keys: [UInt64], over client: EkkoClient, durability: Durability = .primary
  ) async throws {
    try await client.push(
      keys, keys.map { _ in 1 }, to: "rows", of: "m", durability: durability)
  }

  private static func rows(_ client: EkkoClient) async throws -> [Float] {
    try await client.get(Self.keys, from: "rows", of: "m").values
  }

  /// A push adds to the row that is there: had it come before the row that only inference nodes had, it
  /// would have won over that.
  @Test(arguments: UInt64(1)...6)
  func `pushes that others hold are in the row before the next is added`(seed: UInt64) throws {
    let cluster = SimulatedCluster(
      seed: seed, nodes: [.training("t0", in: "t"), .inference("a0", in: "a", join: ["t0"])])
    let rows = try cluster.run { cluster in
      let client = try await Self.create(cluster)
      for _ in 0..<5 { try await Self.push(Self.keys, over: client, durability: .dataCentres(1)) }
      cluster.crash("t0")
      cluster.restart("t0")
      try await Self.push(Self.keys, over: client)
      try await cluster.converge(within: .seconds(10))
      return try await Self.rows(client)
    }
    #expect(rows == Self.keys.map { _ in -6 })
  }

  /// It was verified a moment before. To begin empty would be to lose it with the next save.
  @Test(arguments: UInt64(1)...12)
  func `a shard whose file cannot be read at the moment is not given up`(seed: UInt64) throws {
    let cluster = SimulatedCluster(seed: seed, nodes: [.training("t0", in: "t")])
    let rows = try cluster.run { cluster in
      let client = try await Self.create(cluster)
      try await Self.push(Self.keys, over: client)
      try await cluster.stop("t0")
      cluster.begin(.readError, at: "t0", chance: 0.1)
      cluster.restart("t0")
      try await cluster.sleep(for: .seconds(2))
      cluster.end(.readError, at: "t0")
      try await cluster.sleep(for: .seconds(2))
      try await cluster.stop("t0")
      cluster.restart("t0")
      return try await Self.rows(client)
    }
    #expect(rows == Self.keys.map { _ in -1 })
  }
}
