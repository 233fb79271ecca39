internal import EkkoCore
internal import EkkoNode
internal import EkkoReplication

/// One run of a plan: a cluster forms, clients write while things go wrong (safety), a random part of
/// it is healed and must come together (liveness), then all of it, and what came of it is checked.
package enum Scenario {
  private static let stepLimit = 6_000_000

  /// Runs on the calling thread, which needs a stack of some megabytes.
  package static func run(_ plan: ScenarioPlan) -> SeedReport { self.run(plan, atEnd: { _ in }) }

  /// - Parameter atEnd: looks at the world once all is well and quiet, before it is taken down.
  static func run(
    _ plan: ScenarioPlan, atEnd: @escaping @Sendable (World) -> Void
  ) -> SeedReport {
    let world = World(plan.world)
    let course = Course(plan, in: world, atEnd: atEnd)
    let ending: Violation?
    do throws(Simulation.Failure) {
      try world.simulation.run(as: world.process, stepLimit: Self.stepLimit) { await course.run() }
      ending =
        world.simulation.strays == 0
        ? nil : Violation(.run, "\(world.simulation.strays) tasks without an owner")
    } catch {
      ending = Violation(.run, error.text)
    }
    if let ending { world.watch.report(ending) }
    let report = SeedReport(of: course, in: world)
    world.dismantle()
    return report
  }
}

extension Simulation.Failure {
  var text: String {
    switch self {
    case .deadlock: "everything waits and nothing will wake it"
    case .stepLimit: "the run does not come to its end"
    }
  }
}

/// The phases of a run.
// SAFETY (Sendable): touched on the simulation's thread only, see `Simulation`.
final class Course: @unchecked Sendable {
  let plan: ScenarioPlan
  let world: World
  private(set) var clients: [ClientLoad] = []
  let faults: FaultDirector
  private let atEnd: @Sendable (World) -> Void
  /// Of the next write that is not planned. Not their count: some may be left out.
  private var nextNumber: Int

  init(_ plan: ScenarioPlan, in world: World, atEnd: @escaping @Sendable (World) -> Void) {
    self.plan = plan
    self.world = world
    self.atEnd = atEnd
    self.nextNumber = (plan.operations.map(\.number).max() ?? 0) + 1
    self.faults = FaultDirector(plan, in: world)
  }

  private var isBroken: Bool { self.world.watch.violation != nil }

  func run() async {
    let phases: [(Course) -> () async -> Void] = [
      Course.form, Course.work, Course.healCore, Course.healAll, Course.takeBack, Course.rest,
      Course.workUndisturbed,
    ]
    for phase in phases where !self.isBroken { await phase(self)() }
    if self.isBroken { self.faults.endAll() }
    if !self.isBroken { self.world.checkOutcome(of: self.clients.flatMap(\.acknowledged)) }
    if !self.isBroken { self.world.checkCounts(of: self.clients.flatMap(\.pushes)) }
    for client in self.clients where !self.isBroken { await client.readExpired() }
    if !self.isBroken { await self.world.checkAnnouncements() }
    if !self.isBroken { self.checkFaults() }
    self.world.mixRows()
    if !self.isBroken { self.atEnd(self.world) }
    for client in self.clients { await client.close() }
    await self.world.shutDown()
  }

  /// A run in which little went wrong says little.
  private func checkFaults() {
    let count = self.faults.effectiveCount()
    guard count < self.plan.options.leastFaults else { return }
    self.world.watch.report(Violation(.run, "only \(count) faults changed anything"))
  }

  // MARK: Phases

  private func form() async {
    let world = self.world
    await world.form()
    self.clients = self.plan.clients.indices.map { ClientLoad($0, of: self.plan, in: world) }
    guard !self.isBroken else { return }
    await self.createModel()
    await self.world.wait(.seconds(20), "every node holds the model") {
      world.nodes.allSatisfy { ($0.store?.node.shards.all.count ?? 0) > 1 }
    }
  }

  private func createModel() async {
    guard let founder = self.world.nodes[0].store else { return }
    let training = self.world.nodes.filter(\.plan.isTraining).compactMap { $0.store?.node.nodeID }
    let draft = ScenarioTable.draft(shards: self.plan.options.shards)
    do throws(RequestFailure) {
      _ = try await founder.keeper.create(draft, trainingNodes: training)
    } catch {
      self.world.watch.report(Violation(.run, "the model cannot be created: \(error)"))
    }
  }

  /// Safety: anything may go wrong.
  private func work() async {
    let start = self.world.simulation.now
    self.faults.schedule(from: start)
    let clients = self.clients
    await withDiscardingTaskGroup { group in
      for client in clients { group.addTask { await client.run(from: start) } }
    }
    let span = self.plan.options.span.wholeNanoseconds
    await self.world.sleep(.nanoseconds(max(0, start + span - self.world.simulation.now)))
    await self.faults.makeUp(to: self.plan.options.leastFaults)
  }

  /// Liveness: faults end for some of the nodes, the others may stay away, and those must come together.
  private func healCore() async {
    self.faults.endAll()
    let world = self.world
    let core = world.nodes.filter { node in
      world.generator.chance(0.7) || node.plan.isTraining || node.life?.isOver == false
    }
    // Who pulls from a relay only has nothing to come together with while that is away.
    let names = Set(core.map(\.name) + core.flatMap(\.plan.join))
    let healed = world.nodes.filter { names.contains($0.name) }
    await world.converge(within: Self.convergenceBound) { self.faults.revive(healed) }
  }

  private func healAll() async {
    let world = self.world
    await world.converge(within: Self.convergenceBound) { self.faults.revive(world.nodes) }
    guard !self.isBroken else { return }
    // Who joins may have lost the answer, and asks again after 10 s; and the founder waits 5 s for a
    // former life that is silent.
    await world.wait(Self.joiningBound, "the training nodes may write") {
      self.faults.revive(world.nodes)
      return world.nodes.allSatisfy { !$0.plan.isTraining || $0.replica?.mayWrite == true }
    }
    await world.wait(
      Self.freshnessBound, "lag is told right on quiet shards", as: .l3,
      { world.stalestView().text },
      until: { world.stalestView().age < Self.freshness })
    await world.wait(
      Self.retirementBound, "dead origins are retired", as: .b1, { world.unretired() ?? "" },
      until: { world.unretired() == nil })
  }

  /// Some nodes lose all they had, at about the same time, and get it back over links that break, while
  /// a few rows are written again and again: also what was written by lives that are over and retired.
  private func takeBack() async {
    guard self.plan.options.takesBack else { return }
    let world = self.world
    let trouble = world.network.start(
      NetworkFaultRule(.truncatedStream, on: .all, probability: 0.03))
    await withDiscardingTaskGroup { group in
      group.addTask { await self.write(Self.rewrites, every: .milliseconds(5)) }
      // The founder's files are the catalogue's only master copy.
      for node in world.nodes.dropFirst() where world.generator.chance(0.4) {
        world.kill(node)
        node.wipeDisk()
        if world.generator.chance(0.3) {
          node.clock.stepWall(by: .milliseconds(-400) * world.generator.nextUnit())
        }
        world.start(node)
        await world.sleep(world.generator.duration(in: .zero...(.milliseconds(150))))
      }
    }
    await world.sleep(self.plan.options.wideLatency * 4)
    world.network.stop(trouble)
    for node in world.nodes { node.clock.correctWall() }
    await world.converge(within: Self.convergenceBound)
  }

  private func rest() async {
    // Longer than an ask takes there and back, be it held open or not.
    let quietTime = max(.milliseconds(700), self.plan.options.wideLatency * 6)
    await self.world.rest(for: quietTime)
  }

  /// Writes on a healthy cluster: the cache must answer now.
  private func workUndisturbed() async {
    let world = self.world
    // What a cache holds does not depend on clocks that agree. Less than the future bound apart, and
    // a time that is shown is as old as its way was long.
    let early = world.nodes[world.generator.below(world.nodes.count)]
    early.clock.stepWall(
      by: max(.zero, .milliseconds(450) - self.plan.options.wideLatency * 2))
    var mayHaveNewLinks = true
    var isMeasured = false
    while !isMeasured || self.missingWrites > 0, !self.isBroken {
      let before = world.selection()
      let retirements = world.movement().retirements
      let acknowledged = self.clients[0].writes
      let count = max(Self.undisturbedWrites, self.missingWrites)
      await self.write(count, every: .milliseconds(2))
      // A connection to a primary that has died since it was last used costs one.
      let missing = acknowledged + count - self.clients[0].writes
      if !self.isBroken, missing > self.plan.options.trainingNodes {
        world.watch.report(
          Violation(.run, "\(missing) of \(count) writes are not taken, though all is well"))
      }
      await world.converge(within: Self.convergenceBound)
      // Who has not yet heard of a retirement gets no rows, perhaps for longer than a cache holds them.
      guard !self.isBroken, world.movement().retirements == retirements else { continue }
      // Who had nobody to pull from has missed more than a cache holds.
      let after = world.selection()
      guard after.links == before.links else {
        mayHaveNewLinks = true
        continue
      }
      // B2 is about the cache; without it every answer is a scan, as was asked for.
      isMeasured =
        !self.plan.options.methods.usesUpdateCache
        || world.checkSelection(
          from: before, to: after, mayHaveNewLinks: mayHaveNewLinks)
      mayHaveNewLinks = false
    }
    early.clock.correctWall()
  }

  private var missingWrites: Int {
    self.plan.options.leastWrites - self.clients.reduce(0) { $0 + $1.writes }
  }

  /// One client puts a few rows again and again, one call after the other.
  private func write(_ count: Int, every pause: Duration) async {
    for number in 0..<count where !self.isBroken {
      await self.clients[0].perform(
        PlannedOperation(
          at: .zero, client: 0, kind: .put, table: .puts,
          keys: [UInt64(number % 16), UInt64(100 + number % 7)], number: self.nextNumber,
          durability: .primary))
      self.nextNumber += 1
      await self.world.sleep(pause)
    }
  }

  private static let convergenceBound = Duration.seconds(60)
  private static let joiningBound = Duration.seconds(20)
  private static let freshnessBound = Duration.seconds(5)
  private static let retirementBound = Duration.seconds(90)
  private static let freshness = Duration.seconds(2)
  private static let rewrites = 80
  /// At least.
  static let undisturbedWrites = 24
}
