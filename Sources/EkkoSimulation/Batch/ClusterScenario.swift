internal import EkkoStorage

/// The scenario of a cluster with clients and faults, as batches run it.
package struct ClusterScenario: BatchScenario {
  package static let name = BatchFailure.usualScenario
  package static let faultKinds = FaultKind.all.map(\.name)
  package static let coveragePoints = ShardCounters().branches.map(\.0)

  package init() {}

  package func plan(seed: UInt64) -> ClusterPlan { ClusterPlan(whole: ScenarioPlan(seed: seed)) }

  package func run(_ plan: ClusterPlan) -> SeedOutcome { SeedOutcome(Scenario.run(plan.reduced)) }
}

extension SeedOutcome {
  fileprivate init(_ report: SeedReport) {
    self.init(seed: report.seed)
    self.failure = report.failure.map { failure in
      Failure(
        invariant: failure.invariant.rawValue, step: failure.step,
        virtualTime: .seconds(failure.virtualSeconds), detail: failure.detail)
    }
    self.faults = report.faults
    self.coverage = Set(report.coverage.filter { $0.value > 0 }.keys)
    self.nodes = report.nodes
    self.acknowledgedWrites = report.writes
    self.steps = report.steps
    self.virtualTime = .seconds(report.virtualSeconds)
    self.strayTasks = report.strayTasks
    self.traceHash = report.traceHash
  }
}
