import EkkoClient
import EkkoSimulation
import Testing

@Suite(.timeLimit(.minutes(5))) struct ModelCreationTests {
  /// A replica behind a relay, which hears of a model only a while later than its writer.
  private static func relayed(seed: UInt64) -> SimulatedCluster {
    SimulatedCluster(
      seed: seed,
      nodes: [
        .training("t0", in: "t"), .inference("b0", in: "b", join: ["t0"]),
        .inference("a0", in: "a", join: ["b0"]),
      ])
  }

  @Test(arguments: UInt64(1)...10)
  func `a model that was just created can be written at once`(seed: UInt64) throws {
    try Self.relayed(seed: seed).run { cluster in
      let client = try await cluster.client(in: "a")
      try await client.createRows()
      try await client.put([1], [1], to: "rows", of: "m")
    }
  }

  private static let more = [
    TableSchema(name: "rows", rowLength: 1), TableSchema(name: "more", rowLength: 1),
  ]

  /// As above: the record without the table would have stayed, and every call on the table failed.
  @Test(arguments: UInt64(1)...10)
  func `a table that was just added can be written at once`(seed: UInt64) throws {
    try Self.relayed(seed: seed).run { cluster in
      let client = try await cluster.client(in: "a", of: ["a0"])
      try await client.createRows()

      try await client.alterModel("m", tables: Self.more)

      try await client.put([1], [1], to: "more", of: "m")
      #expect(try await client.tables(of: "m").map(\.name) == ["rows", "more"])
    }
  }

  @Test func `a client that knew the model before sees a table that another has added`() throws {
    let cluster = SimulatedCluster(seed: 1, nodes: [.training("t0", in: "t")])
    try cluster.run { cluster in
      let client = try await cluster.client(in: "t")
      try await client.createRows()
      try await client.put([1], [1], to: "rows", of: "m")
      try await cluster.client(in: "t").alterModel("m", tables: Self.more)

      try await client.put([1], [2], to: "more", of: "m")

      #expect(try await client.get([1], from: "more", of: "m").values == [2])
      await #expect(throws: EkkoError.unknownTable(model: "m", table: "other")) {
        try await client.get([1], from: "other", of: "m")
      }
    }
  }

  /// The writer of the catalogue is the primary of some shards, and cut off from that of the others.
  @Test(arguments: UInt64(1)...5)
  func `calls wait for a primary that has not heard of a table yet`(seed: UInt64) throws {
    let cluster = SimulatedCluster(
      seed: seed, nodes: [.training("t0", in: "t"), .training("t1", in: "t", join: ["t0"])])
    try cluster.run { cluster in
      let client = try await cluster.client(in: "t", of: ["t0"])
      try await client.createRows()
      let keys = Array(UInt64(0)..<32)
      let values = keys.map { Float($0) }
      try await client.put(keys, values, to: "rows", of: "m")
      cluster.begin(NetworkFaultRule(.symmetricPartition, on: .between(["t0"], ["t1"])))
      try await client.alterModel("m", tables: Self.more)

      try await withThrowingDiscardingTaskGroup { group in
        group.addTask { try await client.put(keys, values, to: "more", of: "m") }
        group.addTask {
          _ = try await client.getFromPrimaries([TableRead(table: "more", keys: keys)], of: "m")
        }
        try await cluster.sleep(for: .seconds(1))
        cluster.heal()
      }

      let rows = try await client.getFromPrimaries(
        [TableRead(table: "more", keys: keys)], of: "m")
      #expect(rows[0].values == values)
    }
  }
}
