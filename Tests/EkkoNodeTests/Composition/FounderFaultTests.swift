import EkkoClient
import EkkoCore
import EkkoNode
import EkkoReplication
import EkkoSimulation
import Testing

/// The node that founds the cluster, keeps its catalogue and is primary of all shards, when its power or
/// its clock fails: in virtual time, several orders of events each.
@Suite(.timeLimit(.minutes(5))) struct FounderFaultTests {
  private static func make(seed: UInt64) -> SimulatedCluster {
    SimulatedCluster(
      seed: seed,
      nodes: [
        .training("t0", in: "t"), .inference("a0", in: "a", join: ["t0"]),
        .inference("b0", in: "b", join: ["t0"]),
      ])
  }

  /// All rows a node holds of the model, tombstones among them.
  private static func rowCount(of node: String, in cluster: SimulatedCluster) -> Int {
    let shards = cluster.store(node)?.node.shards.all.filter { $0.id != .catalogue } ?? []
    return shards.reduce(0) { count, shard in count + shard.assumeIsolated { $0.shard.rowCount } }
  }

  /// Waits until `node` has applied that the founder's former life is retired.
  private static func waitForRetirement(
    seenBy node: String, in cluster: SimulatedCluster
  ) async throws {
    try await cluster.wait(within: .seconds(60), "the founder's former life is retired") {
      cluster.store(node)?.node.retirements == 1
    }
  }

  private static let tables = [TableSchema(name: "rows", rowLength: 1)]

  /// Whether each running node lists the founder in its present life.
  private static func isListed(in cluster: SimulatedCluster) -> Bool {
    guard let founder = cluster.store("t0")?.node else { return false }
    return ["t0", "a0", "b0"].allSatisfy { name in
      let listed = cluster.store(name)?.node.catalogue.members[founder.nodeID]
      return listed?.incarnation == founder.incarnation
    }
  }

  /// None of its former lives is retired meanwhile, so that the catalogue has ever more origins.
  @Test func `a founder that starts often while a member is away still keeps the catalogue`() throws
  {
    try Self.make(seed: 1).run { cluster in
      let client = try await cluster.client(in: "t")
      try await client.createModel("m", shards: 1, tables: Self.tables)
      try await cluster.stop("b0")
      for life in 1...70 {
        cluster.crash("t0")
        cluster.restart("t0")
        try await cluster.wait(within: .seconds(10), "life \(life) of the founder is listed") {
          guard let founder = cluster.store("t0")?.node else { return false }
          return founder.catalogue.members[founder.nodeID]?.incarnation == founder.incarnation
        }
      }

      try await client.leave("b0", incarnation: nil)

      let founder = try #require(cluster.store("t0")?.node)
      #expect(founder.catalogue.membersByName.map(\.name) == ["a0", "t0"])
      try await cluster.wait(within: .seconds(30), "its former lives are retired one by one") {
        founder.retirements >= 3
      }
    }
  }

  /// What its peers hold of its former life counts as newer then.
  @Test(arguments: UInt64(1)...5)
  func `a founder whose clock was behind at first is listed in its present life`(
    seed: UInt64
  ) throws {
    try Self.make(seed: seed).run { cluster in
      let client = try await cluster.client(in: "t")
      try await client.createModel("m", shards: 4, tables: Self.tables)
      try await client.put([1], [1], to: "rows", of: "m", durability: .dataCentres(2))

      cluster.crash("t0")
      cluster.clock(of: "t0").stepWall(by: .seconds(-60))
      cluster.restart("t0")
      // Until its clock is right it takes no rows from what is its future.
      try await cluster.sleep(for: .seconds(1))
      cluster.clock(of: "t0").correctWall()

      try await cluster.wait(within: .seconds(10), "the founder is listed in its present life") {
        Self.isListed(in: cluster)
      }
      try await client.put([2], [2], to: "rows", of: "m", durability: .dataCentres(2))
      try await cluster.converge(within: .seconds(10))
      #expect(Self.isListed(in: cluster))
    }
  }

  /// Found by simulation: rows of its files came from beyond the future bound, as it seemed, and were
  /// issued anew, a row among them that had been deleted everywhere since.
  @Test(arguments: UInt64(1)...5)
  func `a deleted row stays deleted when its primary starts with its clock behind`(
    seed: UInt64
  ) throws {
    try Self.make(seed: seed).run { cluster in
      let client = try await cluster.client(in: "t")
      try await client.createModel("m", shards: 1, tables: Self.tables)
      try await client.put([1, 2], [1, 2], to: "rows", of: "m", durability: .dataCentres(2))
      try await cluster.sleep(for: .seconds(3))
      // From here on nothing is saved.
      cluster.begin(.diskFull, at: "t0")
      try await client.delete([1], from: "rows", of: "m", durability: .dataCentres(2))
      // The primary collects first; the others hear of it with what it sends next.
      try await cluster.sleep(for: .seconds(10))
      try await client.put([2], [3], to: "rows", of: "m", durability: .dataCentres(2))
      try await cluster.wait(within: .seconds(20), "the tombstone is collected") {
        ["a0", "b0"].allSatisfy { Self.rowCount(of: $0, in: cluster) == 1 }
      }

      cluster.crash("t0")
      cluster.clock(of: "t0").stepWall(by: .seconds(-600))
      cluster.restart("t0")
      try await cluster.sleep(for: .seconds(5))
      cluster.clock(of: "t0").correctWall()

      try await cluster.converge(within: .seconds(20))
      let reader = try await cluster.client(in: "t")
      let rows = try await reader.get([1, 2], from: "rows", of: "m")
      #expect(!rows.isFound(at: 0) && rows.isFound(at: 1))
    }
  }

  /// Nobody else holds the catalogue: what it acknowledged before it was saved would be lost.
  @Test func `a model is acknowledged when its founder has saved it`() throws {
    let cluster = SimulatedCluster(seed: 1, nodes: [.training("t0", in: "t")])
    try cluster.run { cluster in
      let client = try await cluster.client(in: "t")
      cluster.begin(.diskFull, at: "t0")
      await #expect(throws: EkkoError.self) {
        try await client.createModel("m", shards: 1, tables: Self.tables)
      }
      cluster.end(.diskFull, at: "t0")

      try await client.createModel("m", shards: 1, tables: Self.tables)

      cluster.crash("t0")
      cluster.restart("t0")
      let reader = try await cluster.client(in: "t")
      #expect(try await reader.tables(of: "m").map(\.name) == ["rows"])
    }
  }

  /// Found by simulation: once the founder's former life was retired, a session was shown what came
  /// before the lost write.
  @Test(arguments: UInt64(1)...5)
  func `a session that has seen a write that was lost is told so`(seed: UInt64) throws {
    try Self.make(seed: seed).run { cluster in
      let client = try await cluster.client(in: "t")
      try await client.createModel("m", shards: 1, tables: Self.tables)
      try await client.put([1], [1], to: "rows", of: "m", durability: .dataCentres(2))
      try await cluster.sleep(for: .seconds(3))
      cluster.begin(.diskFull, at: "t0")
      cluster.partition(["t0", "client0"])
      try await client.put([1], [2], to: "rows", of: "m")
      var session = Session()
      let read = [TableRead(table: "rows", keys: [1])]
      let seen = try await client.get(read, of: "m", session: &session)[0]
      #expect(seen.values == [2])

      cluster.crash("t0")
      // Until what was on its way is given up.
      try await cluster.sleep(for: .seconds(10))
      cluster.heal()
      cluster.end(.diskFull, at: "t0")
      cluster.restart("t0")
      try await Self.waitForRetirement(seenBy: "t0", in: cluster)

      let reader = try await cluster.client(in: "t")
      await #expect(throws: EkkoError.tooLate) {
        try await reader.get(read, of: "m", session: &session)
      }
      #expect(try await reader.get([1], from: "rows", of: "m").values == [1])
    }
  }

  /// The other way round: what the clock said then nobody else has taken.
  @Test(arguments: UInt64(1)...5)
  func `what a primary wrote while its clock was ahead survives its restart with a right one`(
    seed: UInt64
  ) throws {
    try Self.make(seed: seed).run { cluster in
      let client = try await cluster.client(in: "t")
      try await client.createModel("m", shards: 1, tables: Self.tables)
      try await cluster.converge(within: .seconds(5))
      cluster.partition(["t0", "client0"])
      cluster.clock(of: "t0").stepWall(by: .seconds(600))
      try await client.put([1], [1], to: "rows", of: "m")
      try await cluster.sleep(for: .seconds(3))

      cluster.crash("t0")
      cluster.clock(of: "t0").correctWall()
      cluster.heal()
      cluster.restart("t0")

      try await cluster.converge(within: .seconds(20))
      let reader = try await cluster.client(in: "b")
      #expect(try await reader.get([1], from: "rows", of: "m").isFound(at: 0))
    }
  }

  /// Found by simulation: rows of retired origins count as known everywhere, and a joiner that had not
  /// read of any retirement got a catalogue without the model that a former life of the founder wrote.
  @Test(arguments: UInt64(1)...5)
  func `a joiner gets what retired lives have written to the catalogue with all else`(
    seed: UInt64
  ) throws {
    let cluster = SimulatedCluster(
      seed: seed,
      nodes: [.training("t0", in: "t"), .inference("b0", in: "b", join: ["t0"], keepsFiles: false)])
    try cluster.run { cluster in
      let client = try await cluster.client(in: "t")
      try await client.createModel("m", shards: 1, tables: Self.tables)
      cluster.crash("t0")
      cluster.restart("t0")
      try await Self.waitForRetirement(seenBy: "t0", in: cluster)

      cluster.crash("b0")
      cluster.restart("b0")
      try await cluster.wait(within: .seconds(5), "b0 runs") { cluster.store("b0") != nil }
      let joiner = try #require(cluster.store("b0")?.node)
      while joiner.board[.catalogue]?.knowledge.isEmpty ?? true {
        try await cluster.sleep(for: .microseconds(100))
      }

      let catalogue = try #require(joiner.shards[.catalogue])
      #expect(await catalogue.rowCount(of: .models) == 1)
      try await cluster.converge(within: .seconds(10))
    }
  }

  /// Found by simulation: two that had lost their files gave each other what little they had, in place
  /// of all rows.
  @Test(arguments: UInt64(1)...5)
  func `who knows of fewer retirements does not replace what another has`(seed: UInt64) throws {
    let cluster = SimulatedCluster(
      seed: seed,
      nodes: [
        .training("t0", in: "t"), .inference("a0", in: "a", join: ["t0"], keepsFiles: false),
        .inference("b0", in: "b", join: ["t0", "a0"]),
      ])
    try cluster.run { cluster in
      let client = try await cluster.client(in: "t")
      try await client.createModel("m", shards: 1, tables: Self.tables)
      cluster.crash("t0")
      cluster.restart("t0")
      try await Self.waitForRetirement(seenBy: "b0", in: cluster)
      let node = try #require(cluster.store("b0")?.node)
      let catalogue = try #require(node.shards[.catalogue])

      // One that has heard of nothing yet is the only one left to ask.
      cluster.crash("a0")
      cluster.partition(["t0"])
      cluster.restart("a0")
      await catalogue.retire(
        IncarnationID(rawValue: 1), seal: Timestamp(rawValue: 1), reissuingAt: nil)
      try await cluster.sleep(for: .seconds(5))

      #expect(await catalogue.rowCount(of: .models) == 1)
      #expect(node.board[.catalogue]?.isTrusted == false)
      cluster.heal()
      try await cluster.wait(within: .seconds(20), "b0 has all rows from the founder") {
        node.board[.catalogue]?.isTrusted == true
      }
      #expect(await catalogue.rowCount(of: .models) == 1)
    }
  }

  /// The catalogue is saved before a change of it is answered, not when its turn comes.
  @Test(arguments: UInt64(1)...5)
  func `a model that was just created survives a power cut of the founder`(seed: UInt64) throws {
    let founder = PlannedNode.training("t0", in: "t")
    try SimulatedCluster(seed: seed, nodes: [founder]).run { cluster in
      let client = try await cluster.client(in: "t")
      try await client.createModel("m", shards: 4, tables: Self.tables)
      cluster.crash("t0")
      cluster.restart("t0")
      try await cluster.wait(within: .seconds(5), "the founder listens") {
        cluster.store("t0") != nil
      }

      let reader = try await cluster.client(in: "t")
      #expect(try await reader.tables(of: "m") == Self.tables)
    }
  }

  /// It pulls from nobody, so only what its peers ask tells it what time it is.
  @Test(arguments: UInt64(1)...5)
  func `a primary whose clock is set right accepts writes over the links it has`(
    seed: UInt64
  ) throws {
    try Self.make(seed: seed).run { cluster in
      let client = try await cluster.client(in: "t")
      try await client.createModel("m", shards: 4, tables: Self.tables)
      try await cluster.converge(within: .seconds(5))
      // Its links open while the clock is wrong.
      cluster.crash("t0")
      cluster.clock(of: "t0").stepWall(by: .seconds(-60))
      cluster.restart("t0")
      try await cluster.wait(within: .seconds(10), "the primary sees that its clock is wrong") {
        if case .unfit = cluster.store("t0")?.node.clockVerdict { true } else { false }
      }
      await #expect(throws: EkkoError.self) {
        try await client.put([1], [1], to: "rows", of: "m")
      }

      cluster.clock(of: "t0").correctWall()
      let start = cluster.now
      try await client.put([1], [1], to: "rows", of: "m")
      #expect(cluster.now - start < .seconds(2))
      #expect(cluster.store("t0")?.node.clockVerdict == .fit)
    }
  }

  /// Found by simulation: a founder that came back retired its former life, of which the members knew
  /// nothing any more, while a node that had never been on the list served its rows: they were gone.
  @Test(arguments: UInt64(1)...5)
  func `a node takes no rows before it is on the list of members`(seed: UInt64) throws {
    let cluster = SimulatedCluster(
      seed: seed,
      nodes: [
        .training("t0", in: "t"), .training("t1", in: "t", join: ["t0"]),
        .inference("a0", in: "a", join: ["t1"], keepsFiles: false),
      ])
    try cluster.run { cluster in
      let client = try await cluster.client(in: "t")
      try await client.createModel("m", shards: 4, tables: Self.tables)
      try await client.put([1], [1], to: "rows", of: "m", durability: .replicas(1))
      try await cluster.stop("a0")
      let founder = try #require(cluster.store("t0"))
      let gone = founder.node.catalogue.membersByName.first { $0.name == "a0" }
      try await founder.keeper.remove(try #require(gone))
      try await cluster.wait(within: .seconds(10), "the list without it is known") {
        cluster.store("t1")?.node.catalogue.members.count == 2
      }

      cluster.crash("t0")
      cluster.restart("a0")
      try await cluster.sleep(for: .seconds(5))
      #expect(cluster.store("a0")?.node.shards.all.count == 5)
      #expect(Self.rowCount(of: "a0", in: cluster) == 0)

      cluster.restart("t0")
      try await cluster.converge(within: .seconds(10))
      #expect(Self.rowCount(of: "a0", in: cluster) == 1)
    }
  }
}

extension ShardActor {
  fileprivate func rowCount(of table: Catalogue.Table) -> Int {
    self.shard.tables[Int(table.id.rawValue)].occupiedCount
  }
}
