/// What came of one seed.
package struct SeedReport: Sendable {
  package struct Failure: Hashable, Sendable {
    package let invariant: Invariant
    package let detail: String
    package let step: Int
    package let virtualSeconds: Double
  }

  package let seed: UInt64
  package internal(set) var failure: Failure?
  /// How often each fault changed what an operation of the product came to, by name.
  package let faults: [String: Int]
  /// How many faults changed anything, each counted once.
  package let effectiveFaults: Int
  /// The faults that were not planned, see `FaultDirector.makeUp`.
  package let madeUp: [String]
  /// The branches of the rules that were taken, by name.
  package let coverage: [String: UInt64]
  package let nodes: Int
  package let dataCentres: Int
  package let shards: Int
  /// Calls that were acknowledged.
  package let writes: Int
  package let steps: Int
  package let virtualSeconds: Double
  package let strayTasks: Int
  package let traceHash: UInt64

  init(of course: Course, in world: World) {
    let plan = course.plan
    self.seed = plan.seed
    self.failure = world.watch.violation.map {
      Failure(
        invariant: $0.invariant, detail: $0.detail, step: world.watch.violationStep,
        virtualSeconds: Double(world.watch.violationTime) / 1e9)
    }
    self.faults = course.faults.fired()
    self.effectiveFaults = course.faults.effectiveCount()
    self.madeUp = course.faults.madeUp
    self.coverage = world.watch.coverage()
    self.nodes = world.nodes.count
    self.dataCentres = Set(plan.nodes.map(\.dataCentre)).count
    self.shards = plan.options.shards
    self.writes = course.clients.reduce(0) { $0 + $1.writes }
    self.steps = world.simulation.steps
    self.virtualSeconds = Double(world.simulation.now) / 1e9
    self.strayTasks = world.simulation.strays
    self.traceHash = world.simulation.traceHash
  }
}
