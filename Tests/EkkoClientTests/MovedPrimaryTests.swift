import EkkoClient
import EkkoCore
import EkkoNode
import EkkoReplication
import EkkoSimulation
import EkkoTransport
import Testing

/// A primary that has come back at another address, in virtual time.
@Suite(.timeLimit(.minutes(5))) struct MovedPrimaryTests {
  /// Found by simulation: opening a link to where the primary had been took longer than the call may, so
  /// that nobody was asked where it is now, in this call or in any that followed.
  @Test(arguments: UInt64(1)...5)
  func `a call finds the primary though its old host is silent`(seed: UInt64) throws {
    let cluster = SimulatedCluster(
      seed: seed,
      nodes: [
        .training("t0", in: "t"), .training("t1", in: "t", join: ["t0"]),
        .inference("gone", in: "a", join: ["t0"]),
      ])
    try cluster.run { cluster in
      let client = try await cluster.client(in: "t", timeout: .seconds(2))
      try await client.createRows()
      let keys = Array(UInt64(0)..<32)
      let values = keys.map { Float($0) }
      let founder = try #require(cluster.store("t0"))
      let moving = try #require(cluster.store("t1"))
      let now = try #require(founder.node.catalogue.members[moving.node.nodeID])
      let before = MemberRecord(
        moving.node.identity, endpoint: Endpoint(host: "gone", port: now.endpoint.port))
      #expect(try await founder.keeper.register(before, inPlaceOf: now))
      try await client.refresh()
      #expect(await client.catalogue.members.contains { $0.endpoint == before.endpoint })
      #expect(try await founder.keeper.register(now, inPlaceOf: before))
      cluster.crash("gone")

      try await client.put(keys, values, to: "rows", of: "m")

      let rows = try await client.getFromPrimaries(
        [TableRead(table: "rows", keys: keys)], of: "m")
      #expect(keys.indices.allSatisfy { Array(rows[0][$0]) == [values[$0]] })
    }
  }
}
