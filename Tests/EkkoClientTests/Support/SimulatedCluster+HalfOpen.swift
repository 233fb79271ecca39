import EkkoClient
import EkkoSimulation

extension SimulatedCluster {
  /// Runs `body` with a cluster of a primary and two replicas, a client beside the primary that has put
  /// row 1 of `rows`, and one beside the replicas whose open link to the first of them swallows all.
  static func runWithHalfOpenLink(
    seed: UInt64,
    _ body:
      @escaping @Sendable (
        _ cluster: SimulatedCluster, _ trainer: EkkoClient, _ client: EkkoClient
      ) async throws -> Void
  ) throws {
    let cluster = SimulatedCluster(
      seed: seed,
      nodes: [
        .training("t0", in: "t"), .inference("a0", in: "a", join: ["t0"]),
        .inference("a1", in: "a", join: ["t0"]),
      ], stepLimit: 200_000)
    try cluster.run { cluster in
      let trainer = try await cluster.client(in: "t")
      try await trainer.createRows()
      try await trainer.put([1], [1], to: "rows", of: "m", durability: .dataCentres(1))
      // The second client's host is `client1`.
      let client = try await cluster.client(in: "a", timeout: .seconds(30))
      _ = try await client.get([1], from: "rows", of: "m")
      cluster.begin(NetworkFaultRule(.halfOpen, on: .between(["client1"], ["a0"])))
      try await body(cluster, trainer, client)
    }
  }
}
