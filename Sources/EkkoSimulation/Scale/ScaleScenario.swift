internal import EkkoClient
internal import EkkoCore
internal import EkkoNode
internal import EkkoReplication
internal import EkkoStorage
internal import EkkoTransport

/// Many of the product's nodes in many data centres, in virtual time, under an even load: how long
/// updates take and what they cost on each link.
///
/// Nothing goes wrong here and nothing is checked after each job, as the scenario with faults does;
/// that every update has come to every replica is. Processing takes no virtual time, so delays are
/// those of the protocol and the wire.
package enum ScaleScenario {
  package static let name = "scale"

  /// Runs on the calling thread, which needs a stack of some megabytes.
  package static func run(_ shape: ScaleShape, seed: UInt64) throws(Simulation.Failure)
    -> ScaleReport
  {
    let world = ScaleWorld(shape, seed: seed)
    return try world.simulation.run(as: world.process) { await world.run() }
  }

  /// Why a run did not come to its end, as a sentence without its full stop.
  package static func reason(_ failure: Simulation.Failure) -> String {
    switch failure {
    case .deadlock(let time, let step):
      "\(failure.text), at step \(step) and virtual time \(Duration.nanoseconds(time))"
    case .stepLimit(let time): "\(failure.text), at virtual time \(Duration.nanoseconds(time))"
    }
  }
}

// SAFETY (Sendable): touched on the simulation's thread only, see `Simulation`.
private final class ScaleWorld: @unchecked Sendable {
  let simulation: Simulation
  let process: SimulatedProcess
  private let shape: ScaleShape
  private let network: SimulatedNetwork
  private var nodes: [Life] = []

  // SAFETY (Sendable): touched on the simulation's thread only, see `Simulation`.
  private final class Life: @unchecked Sendable {
    let process: SimulatedProcess
    var store: StoreNode?
    var task: Task<Void, Never>?

    init(_ process: SimulatedProcess) { self.process = process }
  }

  private static let table = TableSchema(name: "embedding", rowLength: 1)
  private static let model = "model"
  private static let patience = Duration.seconds(120)

  init(_ shape: ScaleShape, seed: UInt64) {
    self.shape = shape
    self.simulation = Simulation(seed: seed)
    self.process = self.simulation.makeProcess("world")
    var network = NetworkShape()
    // Each node's own link is what limits it.
    network.withinDataCentre.bytesPerSecond = .infinity
    network.acrossDataCentres.bytesPerSecond = .infinity
    network.uplinkBytesPerSecond = shape.linkBytesPerSecond
    network.downlinkBytesPerSecond = shape.linkBytesPerSecond
    network.replayUnitCount = 0
    self.network = SimulatedNetwork(self.simulation, shape: network)
  }

  func run() async -> ScaleReport {
    await self.form()
    let nodes = self.nodes.compactMap(\.store?.node)
    let gauge = DelayGauge(self.simulation, nodes: nodes, keys: self.shape.keys)
    let (start, traffic) = (self.simulation.now, self.traffic())
    await self.write()
    await self.wait(until: { gauge.missing == 0 })
    let report = ScaleReport(
      self.shape, gauge: gauge, traffic: zip(self.traffic(), traffic).map { $0.minus($1) },
      duration: .nanoseconds(self.simulation.now - start), flights: self.flights,
      steps: self.simulation.steps)
    await self.shutDown()
    return report
  }

  // MARK: The cluster

  private static func name(_ node: Int) -> String { "node\(node)" }

  private static func endpoint(_ node: Int) -> Endpoint { Endpoint(host: name(node), port: 7400) }

  private func dataCentre(of node: Int) -> String { "dc\(self.shape.dataCentre(of: node) + 1)" }

  /// Data centre after data centre, so that whom a node pulls from is there.
  private func form() async {
    for node in 0..<self.shape.nodes {
      self.start(node)
      if node % self.shape.replicas == 0 { await self.sleep(.milliseconds(50)) }
    }
    await self.wait {
      self.nodes.allSatisfy { ($0.store?.node.shards.all.count ?? 0) == self.shape.shards + 1 }
        && self.nodes[0].store?.node.mayWrite == true
    }
    // Everybody has heard of everybody.
    await self.wait {
      self.nodes.allSatisfy { $0.store?.node.membership.entries.count == self.shape.nodes }
    }
  }

  private func start(_ node: Int) {
    let process = self.simulation.makeProcess(Self.name(node))
    let life = Life(process)
    self.nodes.append(life)
    var configuration = NodeConfiguration(
      name: Self.name(node), roles: node == 0 ? .training : .inference,
      dataCentre: self.dataCentre(of: node), listen: Self.endpoint(node))
    if let source = self.shape.source(of: node) {
      configuration.join = [Self.endpoint(source)]
    } else {
      configuration.firstModel = ModelDraft(
        name: Self.model, application: "", shardCount: UInt32(self.shape.shards),
        tables: [TableSchema(name: Self.table.name, rowLength: self.shape.rowLength)])
    }
    let transport = self.network.transport(
      for: process, host: Self.name(node), dataCentre: self.dataCentre(of: node))
    life.task = process.runtime.spawn(on: Home(index: 0)) { [configuration] in
      guard
        let store = try? await StoreNode.start(
          configuration, transport: transport, runtime: process.runtime)
      else { return }
      life.store = store
      await store.run()
    }
  }

  private func shutDown() async {
    self.simulation.observer = nil
    for life in self.nodes {
      life.process.die()
      life.task?.cancel()
    }
    for life in self.nodes {
      await life.task?.value
      life.store = nil
    }
  }

  // MARK: The load

  /// Calls go out at their times, however long the ones before take.
  private func write() async {
    let process = self.simulation.makeProcess("client")
    let client = EkkoClient(
      endpoints: [Self.endpoint(0)],
      transport: self.network.transport(for: process, host: "client", dataCentre: "dc1"),
      runtime: process.runtime, timeout: .seconds(10))
    var generator = self.simulation.makeGenerator()
    let calls = self.shape.updates / self.shape.rowsPerWrite
    let values = Array(repeating: Float(1), count: self.shape.rowsPerWrite * self.shape.rowLength)
    let start = self.simulation.now
    await withDiscardingTaskGroup { group in
      for call in 0..<calls {
        let time = start + self.shape.load.wholeNanoseconds * Int64(call) / Int64(calls)
        await self.sleep(.nanoseconds(time - self.simulation.now))
        let keys = self.drawKeys(using: &generator)
        group.addTask {
          // Whatever is not written is not measured; the report tells how many were.
          _ = try? await client.put(keys, values, to: Self.table.name, of: Self.model)
        }
      }
    }
    await client.close()
  }

  private func drawKeys(using generator: inout SplitMix64) -> [UInt64] {
    var keys: [UInt64] = []
    while keys.count < self.shape.rowsPerWrite {
      let key = UInt64(generator.below(self.shape.keys))
      if !keys.contains(key) { keys.append(key) }
    }
    return keys
  }

  private func sleep(_ duration: Duration) async {
    try? await self.process.clock.sleep(for: duration)
  }

  private func wait(until isReached: () -> Bool) async {
    let end = self.simulation.now + Self.patience.wholeNanoseconds
    while !isReached(), self.simulation.now < end { await self.sleep(.milliseconds(20)) }
  }

  // MARK: What it took

  private func traffic() -> [ScaleReport.Traffic] {
    (0..<self.shape.nodes).map {
      ScaleReport.Traffic(
        up: self.network.uplinkByteCount(of: Self.name($0)),
        down: self.network.downlinkByteCount(of: Self.name($0)))
    }
  }

  /// The least time from the primary to each replica: all the latencies on the way at their mean, and
  /// one row through each uplink once for every reader, in their order.
  private var flights: [Duration] {
    let wire = Duration.seconds(
      Double(self.shape.rowByteCount) / self.shape.linkBytesPerSecond)
    let near = self.network.shape.withinDataCentre
    let far = self.network.shape.acrossDataCentres
    var flights = [Duration.zero]
    var copies = Array(repeating: 0, count: self.shape.nodes)
    for node in 1..<self.shape.nodes {
      guard let source = self.shape.source(of: node) else { continue }
      let isNear = self.shape.dataCentre(of: node) == self.shape.dataCentre(of: source)
      let path = isNear ? near : far
      copies[source] += 1
      flights.append(flights[source] + path.latency + path.jitter / 2 + wire * copies[source])
    }
    return Array(flights.dropFirst())
  }
}
