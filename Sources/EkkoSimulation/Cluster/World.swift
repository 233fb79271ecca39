internal import EkkoClient
internal import EkkoCore
internal import EkkoNode
internal import EkkoReplication
internal import EkkoStorage
internal import EkkoTransport

/// The simulated world of one run: machines with the product's nodes, its clients, the network and the
/// disks between them, and the watch over all of it.
// SAFETY (Sendable): touched on the simulation's thread only, see `Simulation`.
final class World: @unchecked Sendable {
  let simulation: Simulation
  let network: SimulatedNetwork
  let nodes: [SimulatedNode]
  let watch: ShardWatch
  /// The process that the scenario itself runs in.
  let process: SimulatedProcess
  var generator: SplitMix64
  private let description: WorldDescription
  /// Lives that are over and still run out, and everything else that must have ended at the end.
  private var ending: [Task<Void, Never>] = []

  init(_ description: WorldDescription) {
    let simulation = Simulation(seed: description.seed, order: description.order)
    self.description = description
    self.simulation = simulation
    self.process = simulation.makeProcess("world")
    self.network = SimulatedNetwork(simulation, shape: description.networkShape)
    self.nodes = description.nodes.map { SimulatedNode($0, in: simulation) }
    self.watch = ShardWatch(simulation, distinctTables: description.distinctTables)
    self.generator = simulation.makeGenerator()
    simulation.observer = { [watch] in watch.look(at: $0) }
  }

  /// Sleeps for `duration`, or until something is found broken: then nothing more needs to happen.
  func sleep(_ duration: Duration) async {
    let end = self.simulation.now + duration.wholeNanoseconds
    while self.simulation.now < end, self.watch.violation == nil {
      let left = Duration.nanoseconds(end - self.simulation.now)
      try? await self.process.clock.sleep(for: min(left, .milliseconds(100)))
    }
  }

  func transport(for process: SimulatedProcess, on host: String, in dataCentre: String)
    -> any Transport
  {
    self.network.transport(for: process, host: host, dataCentre: dataCentre)
  }

  // MARK: Lives

  /// Starts a node that is not running.
  func start(_ node: SimulatedNode) {
    precondition(node.life?.isOver ?? true, "\(node.name) runs already")
    let process = self.simulation.makeProcess(node.name, clock: node.clock)
    let life = NodeLife(name: node.name, process: process)
    node.life = life
    self.watch.add(life)
    life.task = process.runtime.spawn(on: Home(index: 0)) {
      await self.live(life, as: node.plan, on: node.disk, host: node.name)
      guard life.cannotStart else { return }
      self.simulation.after(.milliseconds(200)) {
        guard node.life === life, !life.isOver else { return }
        self.end(life)
        // Of damaged files the operator lets go.
        if life.hasDamagedFiles { node.wipeDisk() }
        self.start(node)
      }
    }
  }

  /// One life, as the node program lives it.
  private func live(
    _ life: NodeLife, as plan: PlannedNode, on disk: SimulatedDisk?, host: String
  ) async {
    let process = life.process
    var configuration = NodeConfiguration(
      name: plan.name, roles: plan.isTraining ? .training : .inference,
      dataCentre: plan.dataCentre, listen: SimulatedNode.endpoint(of: host))
    configuration.join = plan.join.map(SimulatedNode.endpoint(of:))
    configuration.secret = self.description.secret
    configuration.homes = 2
    self.description.configure(&configuration)
    if let disk { life.files = (disk, configuration.snapshotInterval * 3 + .seconds(2)) }
    if let disk, await !self.takeUp(disk, for: life, into: &configuration) { return }
    let transport = self.transport(for: process, on: host, in: plan.dataCentre)
    do throws(StartFailure) {
      let store = try await StoreNode.start(
        configuration, transport: transport, runtime: process.runtime,
        onEvent: { [events = life.events] event in
          if case .refused(let why) = event { events.refusal = why }
        })
      life.store = store
      self.watch.lookAtAll(of: life)
      if let disk, disk.isSound, !process.clock.wasWallWrong { self.checkLoaded(life, from: disk) }
      // Who cannot write down who it is asks again in its next life.
      try? await store.remember()
      await store.run()
      if life.events.refusal == nil { await store.leaveCluster() }
    } catch .files(let error) {
      // A process that has died meanwhile reads nothing.
      if let disk, !process.isDead { self.note(error, keeping: life, on: disk) }
    } catch {
      return
    }
  }

  /// L2: what a node had as it stopped in order is there when it starts again, and whatever else its
  /// files hold.
  private func checkLoaded(_ life: NodeLife, from disk: SimulatedDisk) {
    guard let node = self.nodes.first(where: { $0.life === life }) else { return }
    for (actor, mirror) in life.mirrors where mirror.isTrusted {
      var saved = node.saved[actor.id] ?? VersionVector()
      saved.merge(disk.knowledge(of: actor.id) ?? VersionVector())
      var missing = saved.subtracting(mirror.knowledge)
      for origin in mirror.retired { missing.remove(origin) }
      guard !missing.isEmpty else { continue }
      self.watch.report(
        Violation(
          .l2, "\(life.name), \(actor.id.text): \(missing.text) was not loaded, though saved"))
    }
    node.saved = [:]
  }

  /// - Returns: false if nothing can be made of the files.
  private func takeUp(
    _ disk: SimulatedDisk, for life: NodeLife, into configuration: inout NodeConfiguration
  ) async -> Bool {
    while !life.process.isDead {
      do throws(UnusableFiles) {
        try await configuration.takeUp(disk.store(for: life.process))
        return true
      } catch .file {
        // Trouble that may pass: whoever started the node starts it again.
        guard (try? await life.process.clock.sleep(for: .milliseconds(100))) != nil else { break }
      } catch {
        self.note(error, keeping: life, on: disk)
        return false
      }
    }
    return false
  }

  /// A node that does not start with its files: never with those of a sound disk.
  private func note(_ error: UnusableFiles, keeping life: NodeLife, on disk: SimulatedDisk) {
    if disk.isSound {
      self.watch.report(Violation(.l2, "\(life.name), whose disk is sound: \(error)"))
    }
    life.cannotStart = true
    // Trouble with reading may pass.
    if case .file = error { return }
    life.hasDamagedFiles = true
  }

  /// Ends a life at this moment, as a power cut does.
  func kill(_ node: SimulatedNode) {
    guard let life = node.life, !life.isOver else { return }
    self.end(life)
  }

  func end(_ life: NodeLife) {
    life.isOver = true
    self.watch.remove(life)
    life.process.die()
    if let task = life.task {
      task.cancel()
      self.ending.append(task)
    }
  }

  /// Ends a life in order: the node saves its shards and leaves.
  func stop(_ node: SimulatedNode, then body: @escaping @Sendable () -> Void) {
    guard let life = node.life, !life.isOver, let task = life.task else { return }
    task.cancel()
    self.own(
      self.process.runtime.spawn(on: Home(index: 0)) {
        await task.value
        guard !life.isOver else { return }
        if node.disk?.isSound == true { node.saved = life.knowledge }
        self.end(life)
        body()
      })
  }

  /// Has a task awaited at the end of the run.
  func own(_ task: Task<Void, Never>) { self.ending.append(task) }

  /// Ends everything and waits for it.
  func shutDown() async {
    for node in self.nodes { self.kill(node) }
    while let task = self.ending.popLast() {
      task.cancel()
      await task.value
    }
  }

  /// Starts a second node from a copy of a running one's disk, if it has one, under its name, at an
  /// address of its own.
  func startClone(of node: SimulatedNode) -> NodeLife? {
    guard let original = node.disk else { return nil }
    let host = node.cloneName
    let disk = SimulatedDisk(self.simulation, name: host)
    disk.restore(original.copy())
    let process = self.simulation.makeProcess(host)
    let life = NodeLife(name: host, process: process)
    life.isClone = true
    self.watch.add(life)
    life.task = process.runtime.spawn(on: Home(index: 0)) {
      await self.live(life, as: node.plan, on: disk, host: host)
    }
    return life
  }

  /// Ends the circle of references between the parts of the world, so that they are freed.
  func dismantle() {
    self.simulation.dismantle()
    for node in self.nodes { node.life = nil }
  }

  // MARK: Clients

  func client(
    _ plan: PlannedClient, process: SimulatedProcess, timeout: Duration = .seconds(2)
  ) -> EkkoClient {
    EkkoClient(
      endpoints: plan.endpoints.map(SimulatedNode.endpoint(of:)),
      transport: self.transport(for: process, on: plan.name, in: plan.dataCentre),
      secret: self.description.secret, runtime: process.runtime, timeout: timeout)
  }
}
