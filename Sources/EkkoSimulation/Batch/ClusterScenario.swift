internal import EkkoStorage

/// The scenario of a cluster with clients and faults, as batches run it.
package struct ClusterScenario: BatchScenario {
  package static let name = BatchFailure.usualScenario
  package static let faultKinds = FaultKind.all.map(\.name)
  package static let coveragePoints = ShardCounters().branches.map(\.0)

  package init() {}

  package func plan(seed: UInt64) -> ClusterPlan { ClusterPlan(whole: ScenarioPlan(seed: seed)) }

  /// Every 32nd seed also has twins, one variation after the other: less than a tenth of a batch's
  /// time.
  static func twins(of seed: UInt64) -> TwinRuns.Variation? {
    let others = TwinRuns.Variation.others
    return seed % 32 == 31 ? others[Int(seed / 32 % UInt64(others.count))] : nil
  }

  package func run(_ plan: ClusterPlan) -> SeedOutcome {
    let reduced = plan.reduced
    var outcome = SeedOutcome(Scenario.run(reduced))
    guard let variation = Self.twins(of: reduced.seed), outcome.failure == nil else {
      return outcome
    }
    for report in TwinRuns(of: reduced, [variation]).run() { outcome.add(SeedOutcome(report)) }
    return outcome
  }
}

extension SeedOutcome {
  /// Adds a twin run; what it covered is not the seed's, which is to have it with faults.
  fileprivate mutating func add(_ twin: SeedOutcome) {
    self.twins += 1
    self.failure = self.failure ?? twin.failure
    self.steps += twin.steps
    self.virtualTime += twin.virtualTime
    self.strayTasks += twin.strayTasks
    self.traceHash = (self.traceHash ^ twin.traceHash) &* 0x100_0000_01b3
  }

  fileprivate init(_ report: SeedReport) {
    self.init(seed: report.seed)
    self.failure = report.failure.map { failure in
      Failure(
        invariant: failure.invariant.rawValue, step: failure.step,
        virtualTime: .seconds(failure.virtualSeconds), detail: failure.detail)
    }
    self.faults = report.faults
    self.effectiveFaults = report.effectiveFaults
    self.madeUp = report.madeUp
    self.coverage = Set(report.coverage.filter { $0.value > 0 }.keys)
    self.nodes = report.nodes
    self.dataCentres = report.dataCentres
    self.shards = report.shards
    self.acknowledgedWrites = report.writes
    self.steps = report.steps
    self.virtualTime = .seconds(report.virtualSeconds)
    self.strayTasks = report.strayTasks
    self.traceHash = report.traceHash
  }
}
