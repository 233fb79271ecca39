package import EkkoClient
internal import EkkoCore
package import EkkoNode
internal import EkkoReplication

/// A whole cluster in one thread and in virtual time, for tests that break something: the product's
/// own nodes and clients over a simulated network and simulated disks, with the invariants of a shard
/// checked after every job on it.
///
/// ```swift
/// let cluster = SimulatedCluster(
///   seed: 1, nodes: [.training("t0", in: "t"), .inference("a0", in: "a", join: ["t0"])])
/// try cluster.run { cluster in
///   let client = try await cluster.client(in: "t")
///   try await client.createModel("m", tables: [TableSchema(name: "rows", rowLength: 2)])
///   try await client.put([1], [2, 3], to: "rows", of: "m")
///   cluster.crash("a0")
///   cluster.restart("a0")
///   try await cluster.converge(within: .seconds(10))
/// }
/// ```
///
/// A run is a function of the seed: one that fails fails again. Checked are K1–K4, C1, S1, D1, B1, on
/// samples C3 and L3, with `distinctTables` E1, of L2 that files hold what they should, and where a test
/// asks for it L1; what needs to know all that clients were told (the rest of L2, S2, B2) is for the
/// scenario of `ekko-sim run` and for the test itself.
// SAFETY (Sendable): touched on the simulation's thread only, see `Simulation`.
package final class SimulatedCluster: @unchecked Sendable {
  /// An invariant that did not hold, and where; the seed shows it again.
  package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
    package let invariant: Invariant
    package let detail: String
    package let seed: UInt64
    package let step: Int
    package let virtualSeconds: Double

    package var description: String {
      "\(self.invariant.rawValue): \(self.detail) (seed \(self.seed), step \(self.step), "
        + "virtual time \(self.virtualSeconds) s)"
    }
  }

  let world: World
  private let seed: UInt64
  private let stepLimit: Int
  private var clients: [EkkoClient] = []
  /// Where clients are, in the order of their making.
  private(set) var clientHosts: [(name: String, dataCentre: String)] = []

  /// - Parameters:
  ///   - nodes: the first training node without anyone to join founds the cluster.
  ///   - distinctTables: by their places in the model, those of which every write of the test puts
  ///     other weights.
  ///   - stepLimit: a run of more jobs has failed.
  package init(
    seed: UInt64, nodes: [PlannedNode], order: Simulation.Order = .random,
    network: NetworkShape = NetworkShape(), distinctTables: Set<UInt16> = [],
    stepLimit: Int = 20_000_000
  ) {
    var description = WorldDescription(seed: seed, nodes: nodes)
    description.order = order
    description.networkShape = network
    description.distinctTables = distinctTables
    self.world = World(description)
    self.seed = seed
    self.stepLimit = stepLimit
  }

  /// Starts the nodes, runs `body` once they are a cluster, then ends everything. To be called once, on
  /// a thread with some megabytes of stack; returns when all is over.
  ///
  /// - Throws: `Failure` if an invariant did not hold, else what `body` threw.
  package func run<Value: Sendable>(
    _ body: @escaping @Sendable (SimulatedCluster) async throws -> Value
  ) throws -> Value {
    defer {
      self.clients = []
      self.world.dismantle()
    }
    let result: Result<Value, any Error>
    do throws(Simulation.Failure) {
      result = try self.world.simulation.run(as: self.world.process, stepLimit: self.stepLimit) {
        await self.result(of: body)
      }
    } catch {
      self.world.watch.report(Violation(.run, error.text))
      throw self.failure ?? error
    }
    if self.world.simulation.strays > 0 {
      self.world.watch.report(
        Violation(.run, "\(self.world.simulation.strays) tasks without an owner"))
    }
    if let failure = self.failure { throw failure }
    return try result.get()
  }

  private func result<Value: Sendable>(
    of body: @Sendable (SimulatedCluster) async throws -> Value
  ) async -> Result<Value, any Error> {
    let result: Result<Value, any Error>
    do {
      await self.world.form()
      try await self.wait(within: .seconds(20), "every node is a member") {
        self.world.nodes.allSatisfy { self.isMember($0) }
      }
      result = .success(try await body(self))
    } catch {
      result = .failure(error)
    }
    for client in self.clients { await client.close() }
    await self.world.shutDown()
    return result
  }

  private func isMember(_ node: SimulatedNode) -> Bool {
    guard let replica = node.replica else { return false }
    return replica.catalogue.members[replica.nodeID]?.incarnation == replica.incarnation
  }

  private var failure: Failure? {
    self.world.watch.violation.map { violation in
      Failure(
        invariant: violation.invariant, detail: violation.detail, seed: self.seed,
        step: self.world.watch.violationStep,
        virtualSeconds: Double(self.world.watch.violationTime) / 1e9)
    }
  }

  // MARK: Its parts

  /// A client in a process and on a host of its own, in `dataCentre`. It reads from that data centre's
  /// nodes and is closed at the end of the run.
  ///
  /// - Parameter endpoints: the nodes it knows, nearest first; by default those of its data centre, then
  ///   the training nodes.
  package func client(
    in dataCentre: String, of endpoints: [String]? = nil, timeout: Duration = .seconds(5)
  ) async throws -> EkkoClient {
    let local = self.world.nodes.filter { $0.plan.dataCentre == dataCentre }.map(\.name)
    let training = self.world.nodes.filter(\.plan.isTraining).map(\.name)
    let name = "client\(self.clientHosts.count)"
    let plan = PlannedClient(
      name: name, dataCentre: dataCentre,
      endpoints: endpoints ?? local + training.filter { !local.contains($0) })
    let client = self.world.client(
      plan, process: self.world.simulation.makeProcess(name), timeout: timeout)
    self.clientHosts.append((name, dataCentre))
    self.clients.append(client)
    try await client.reachCluster()
    return client
  }

  /// The product's node, while it runs.
  package func store(_ name: String) -> StoreNode? { self.node(name).store }

  /// The clock of the machine that the node runs on: it outlives the node's lives.
  package func clock(of name: String) -> SimulatedClock { self.node(name).clock }

  func node(_ name: String) -> SimulatedNode {
    guard let node = self.world.nodes.first(where: { $0.name == name }) else {
      preconditionFailure("there is no node \(name)")
    }
    return node
  }

  // MARK: Time

  /// Virtual time since the world began.
  package var now: Duration { .nanoseconds(self.world.simulation.now) }

  /// Lets time pass.
  ///
  /// - Throws: `Failure` at once if an invariant does not hold; as do the other ways to wait.
  package func sleep(for duration: Duration) async throws {
    await self.world.sleep(duration)
    if let failure = self.failure { throw failure }
  }

  /// Waits until the running nodes are equal, in every row and all they know of each other (L1).
  package func converge(within bound: Duration) async throws {
    await self.world.converge(within: bound)
    if let failure = self.failure { throw failure }
  }

  /// Waits until `isReached`; asks every 50 ms.
  ///
  /// - Parameter what: what a failure says has not happened.
  package func wait(
    within bound: Duration, _ what: String, until isReached: () -> Bool
  ) async throws {
    await self.world.wait(bound, what, until: isReached)
    if let failure = self.failure { throw failure }
  }
}
