import EkkoClient
import EkkoCore
import EkkoNode
import Testing

@testable import EkkoSimulation

/// The harness for fault-injection tests: what it breaks is broken, what it says is so.
@Suite(.timeLimit(.minutes(5))) struct SimulatedClusterTests {
  private static let nodes: [PlannedNode] = [
    .training("t0", in: "t"), .training("t1", in: "t", join: ["t0"]),
    .inference("a0", in: "a", join: ["t0"]),
    .inference("b0", in: "b", join: ["t0"], keepsFiles: false),
  ]

  private static func make(seed: UInt64 = 1) -> SimulatedCluster {
    SimulatedCluster(seed: seed, nodes: Self.nodes)
  }

  private static func createModel(_ client: EkkoClient) async throws {
    try await client.createModel(
      "m", shards: 4, tables: [TableSchema(name: "rows", rowLength: 1)])
  }

  private static func put(
    _ keys: [UInt64], _ client: EkkoClient, durability: Durability = .primary
  ) async throws {
    try await client.put(
      keys, keys.map(Float.init), to: "rows", of: "m", durability: durability)
  }

  private static func count(_ keys: [UInt64], _ client: EkkoClient) async throws -> Int {
    let rows = try await client.get(keys, from: "rows", of: "m")
    return keys.indices.filter { rows.isFound(at: $0) && rows[$0].first == Float(keys[$0]) }.count
  }

  @Test func `what is written is everywhere, and the time is virtual`() throws {
    let counts = try Self.make().run { cluster in
      let trainer = try await cluster.client(in: "t")
      try await Self.createModel(trainer)
      try await Self.put(Array(1...50), trainer)
      try await cluster.converge(within: .seconds(5))
      try await cluster.sleep(for: .seconds(30))
      #expect(cluster.now > .seconds(30))
      var counts: [Int] = []
      for dataCentre in ["t", "a", "b"] {
        let client = try await cluster.client(in: dataCentre)
        counts.append(try await Self.count(Array(1...50), client))
      }
      return counts
    }

    #expect(counts == [50, 50, 50])
  }

  @Test func `one seed is one run`() throws {
    func hash(seed: UInt64) throws -> UInt64 {
      let cluster = Self.make(seed: seed)
      try cluster.run { cluster in
        let client = try await cluster.client(in: "t")
        try await Self.createModel(client)
        cluster.crash("b0")
        try await Self.put([1], client)
      }
      return cluster.world.simulation.traceHash
    }

    #expect(try hash(seed: 3) == hash(seed: 3))
    #expect(try hash(seed: 3) != hash(seed: 4))
  }

  @Test func `a data centre that is cut off serves what it had, and gets the rest`() throws {
    try Self.make().run { cluster in
      let trainer = try await cluster.client(in: "t")
      let server = try await cluster.client(in: "a", of: ["a0"])
      try await Self.createModel(trainer)
      try await Self.put([1, 2], trainer, durability: .dataCentres(2))

      let cut = cluster.partition(dataCentre: "a")
      try await Self.put([3, 4], trainer, durability: .dataCentres(1))
      #expect(try await Self.count([1, 2, 3, 4], server) == 2)
      #expect(cluster.count(of: .symmetricPartition) > 0)

      cluster.end(cut)
      try await cluster.converge(within: .seconds(10))
      #expect(try await Self.count([1, 2, 3, 4], server) == 4)
    }
  }

  @Test func `a node that crashes is gone at once, and catches up in its next life`() throws {
    try Self.make().run { cluster in
      let trainer = try await cluster.client(in: "t")
      try await Self.createModel(trainer)
      try await Self.put([1], trainer, durability: .dataCentres(2))
      let former = try #require(cluster.store("a0")?.node.incarnation)

      cluster.crash("a0")
      #expect(cluster.store("a0") == nil)
      try await Self.put([2], trainer, durability: .dataCentres(1))
      cluster.restart("a0")
      try await cluster.converge(within: .seconds(10))

      #expect(cluster.store("a0")?.node.incarnation != former)
      let server = try await cluster.client(in: "a", of: ["a0"])
      #expect(try await Self.count([1, 2], server) == 2)
    }
  }

  @Test(arguments: [false, true])
  func `a node that was stopped has its files, unless its disk was emptied`(
    isEmptied: Bool
  ) throws {
    let count = try Self.make().run { cluster in
      let trainer = try await cluster.client(in: "t")
      try await Self.createModel(trainer)
      try await Self.put([1, 2], trainer, durability: .dataCentres(2))

      try await cluster.stop("a0")
      if isEmptied { cluster.wipeDisk(of: "a0") }
      // It hears from nobody what it held.
      cluster.partition(["a0"])
      cluster.restart("a0")
      try await cluster.wait(within: .seconds(5), "a0 listens") { cluster.store("a0") != nil }
      return cluster.store("a0")?.node.shards.all.count ?? 0
    }

    #expect(count == (isEmptied ? 1 : 5))
  }

  @Test func `a node that pauses does nothing until it is resumed`() throws {
    try Self.make().run { cluster in
      let trainer = try await cluster.client(in: "t")
      try await Self.createModel(trainer)
      try await cluster.converge(within: .seconds(5))

      cluster.pause("b0")
      try await Self.put([1], trainer, durability: .dataCentres(1))
      let knowledge = { cluster.store("b0")?.node.board.sequence }
      let before = knowledge()
      try await cluster.sleep(for: .seconds(1))
      #expect(knowledge() == before)

      cluster.resume("b0")
      try await cluster.converge(within: .seconds(10))
      #expect(knowledge() != before)
    }
  }

  @Test func `a disk that is full is met, and nothing else is harmed`() throws {
    try Self.make().run { cluster in
      let trainer = try await cluster.client(in: "t")
      try await Self.createModel(trainer)
      cluster.begin(.diskFull, at: "a0")
      try await Self.put([1], trainer, durability: .dataCentres(2))
      try await cluster.sleep(for: .seconds(3))
      #expect(cluster.count(of: .diskFull) > 0)
      cluster.end(.diskFull, at: "a0")
      try await cluster.converge(within: .seconds(5))
    }
  }

  // MARK: Failures

  @Test func `nodes that cannot come together fail with L1 and the seed`() throws {
    let failure = try #require(throws: SimulatedCluster.Failure.self) {
      try Self.make(seed: 7).run { cluster in
        let trainer = try await cluster.client(in: "t")
        try await Self.createModel(trainer)
        cluster.partition(dataCentre: "b")
        try await Self.put([1], trainer)
        try await cluster.converge(within: .seconds(3))
      }
    }

    #expect(failure.invariant == .l1)
    #expect(failure.seed == 7)
    #expect(
      failure.description.hasPrefix("L1: after 3.0 seconds still not: the nodes come together"))
  }

  @Test func `an invariant that breaks ends the run with its name, whatever the test says`() throws
  {
    let failure = try #require(throws: SimulatedCluster.Failure.self) {
      // Writes that put the same are one that was applied twice, to who is told otherwise.
      let cluster = SimulatedCluster(seed: 1, nodes: Self.nodes, distinctTables: [0])
      try cluster.run { cluster in
        let trainer = try await cluster.client(in: "t")
        try await Self.createModel(trainer)
        for _ in 0..<3 { try await Self.put([1], trainer) }
      }
    }

    #expect(failure.invariant == .e1)
    #expect(failure.step > 0)
  }

  @Test func `what waits for ever is told, and so is what the body throws`() throws {
    struct Refused: Error {}
    let never = Wakeup()

    #expect(throws: Refused.self) { try Self.make().run { _ in throw Refused() } }
    let failure = try #require(throws: SimulatedCluster.Failure.self) {
      let cluster = SimulatedCluster(seed: 1, nodes: Self.nodes, stepLimit: 30_000)
      try cluster.run { _ in await never.waitIgnoringCancellation() }
    }
    #expect(failure.invariant == .run)
  }

  @Test func `a body that ends with a fault on leaves nothing running`() throws {
    let cluster = Self.make()
    try cluster.run { cluster in
      cluster.pause("t1")
      cluster.partition(dataCentre: "a")
    }

    #expect(cluster.store("t0") == nil)
    #expect(cluster.world.simulation.strays == 0)
  }

  @Test func `nothing is left of a cluster whose run is over`() throws {
    weak var world: World?
    weak var simulation: Simulation?
    do {
      let cluster = Self.make()
      world = cluster.world
      simulation = cluster.world.simulation
      try cluster.run { cluster in
        let client = try await cluster.client(in: "t")
        try await Self.createModel(client)
        cluster.crash("a0")
      }
    }

    #expect(world == nil)
    #expect(simulation == nil)
  }
}
