import EkkoClient
import EkkoCore
import EkkoSimulation
import EkkoTransport
import Testing

/// Links that swallow what is sent over them, in virtual time.
@Suite(.timeLimit(.minutes(5))) struct HalfOpenLinkTests {
  @Test(arguments: UInt64(1)...5)
  func `a read over a half-open link is answered over another, long before its deadline`(
    seed: UInt64
  ) throws {
    try SimulatedCluster.runWithHalfOpenLink(seed: seed) { cluster, _, client in
      let start = cluster.now

      let rows = try await client.get([1], from: "rows", of: "m")

      #expect(Array(rows[0]) == [1])
      #expect(cluster.count(of: .halfOpen) > 0)
      #expect(cluster.now - start < .seconds(4))
    }
  }

  /// Found by simulation: each call that was given up early had the next begin a silence of its own, over
  /// the same dead link for ever.
  @Test(arguments: [300, 1000, 2000])
  func `calls shorter than the silence find out too`(timeout: Int) throws {
    var network = NetworkShape()
    network.silentDeathShare = 1
    network.mutedDeathShare = 1
    let cluster = SimulatedCluster(
      seed: 1, nodes: [.training("t0", in: "t"), .training("t1", in: "t", join: ["t0"])],
      network: network)
    try cluster.run { cluster in
      let client = try await cluster.client(in: "t", timeout: .milliseconds(timeout))
      try await cluster.sleep(for: .seconds(15))
      try await client.createRows()
      let keys = Array(UInt64(0)..<16)
      let values = keys.map { Float($0) }
      try await client.put(keys, values, to: "rows", of: "m")
      cluster.crash("t1")
      cluster.restart("t1")
      try await cluster.sleep(for: .seconds(15))
      let start = cluster.now

      while (try? await client.put(keys, values, to: "rows", of: "m")) == nil,
        cluster.now - start < .seconds(20)
      {
        try await cluster.sleep(for: .milliseconds(100))
      }

      #expect(cluster.now - start < .seconds(4))
    }
  }

  /// With some of the windows the requests still fit, and what calls them off does not.
  @Test(arguments: Array(stride(from: 600, through: 2000, by: 50)))
  func `calls over a link that is full and leads nowhere end`(window: Int) throws {
    var network = NetworkShape()
    network.limits.highWatermark = window
    let cluster = SimulatedCluster(
      seed: 1, nodes: [.training("t0", in: "t"), .inference("a0", in: "a", join: ["t0"])],
      network: network, stepLimit: 100_000)
    try cluster.run { cluster in
      let client = try await cluster.client(in: "t", timeout: .seconds(1))
      try await client.createRows()
      try await client.put([1], [1], to: "rows", of: "m")
      cluster.begin(NetworkFaultRule(.halfOpen, on: .between(["client0"], ["t0"])))
      let start = cluster.now

      await withDiscardingTaskGroup { group in
        for key in UInt64(0)..<8 {
          group.addTask { _ = try? await client.put([key], [1], to: "rows", of: "m") }
        }
      }

      #expect(cluster.now - start < .seconds(6))
    }
  }
}
