import EkkoClient
import EkkoSimulation
import Testing

@Suite(.timeLimit(.minutes(5))) struct ModelCreationTests {
  /// The client reads from a replica behind a relay, which hears of the model only a while later.
  @Test(arguments: UInt64(1)...10)
  func `a model that was just created can be written at once`(seed: UInt64) throws {
    let cluster = SimulatedCluster(
      seed: seed,
      nodes: [
        .training("t0", in: "t"), .inference("b0", in: "b", join: ["t0"]),
        .inference("a0", in: "a", join: ["b0"]),
      ])
    try cluster.run { cluster in
      let client = try await cluster.client(in: "a")
      try await client.createRows()
      try await client.put([1], [1], to: "rows", of: "m")
    }
  }
}
