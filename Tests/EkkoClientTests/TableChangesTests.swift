import EkkoClient
import EkkoCore
import EkkoSimulation
import Testing

/// How a watch begins, or does not.
@Suite(.timeLimit(.minutes(5))) struct TableChangesTests {
  /// A link that had ended looked after nobody, so that the call returned neither at its deadline nor when
  /// the client was closed.
  @Test(arguments: UInt64(1)...3)
  func `a watch whose link ends before the first reply begins over another`(seed: UInt64) throws {
    try SimulatedCluster.runWithHalfOpenLink(seed: seed) { cluster, trainer, client in
      let start = cluster.now

      let changes = try await client.changes(of: "rows", in: "m")

      #expect(cluster.now - start < .seconds(4))
      try await trainer.put([2], [2], to: "rows", of: "m")
      var iterator = changes.makeAsyncIterator()
      #expect(await iterator.next()?.changes.map(\.key) == [2])
      await changes.cancel()
    }
  }

  @Test func `a watch of a node that is gone ends at its deadline`() throws {
    var network = NetworkShape()
    network.silentDeathShare = 1
    network.mutedDeathShare = 1
    let cluster = SimulatedCluster(
      seed: 1, nodes: [.training("t0", in: "t"), .inference("a0", in: "a", join: ["t0"])],
      network: network, stepLimit: 200_000)
    try cluster.run { cluster in
      let client = try await cluster.client(in: "a", of: ["a0"], timeout: .seconds(8))
      try await client.createRows()
      cluster.crash("a0")
      let start = cluster.now

      await #expect(throws: EkkoError.self) { try await client.changes(of: "rows", in: "m") }

      #expect(cluster.now - start <= .milliseconds(8100))
    }
  }
}
