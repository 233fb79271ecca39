import EkkoSimulation

/// A scenario whose failures are known: a seed fails if what it needs for that is left in its plan.
struct FakeScenario: BatchScenario {
  static let name = "fake"
  static let faultKinds = ["drop", "delay", "never"]
  static let coveragePoints = ["hit", "replace"]

  /// What makes a seed fail; `nil` for nothing.
  var culprits: @Sendable (_ seed: UInt64) -> FakePlan? = { _ in nil }
  /// Breaks another invariant when few operations are left.
  var hasSecondMistake = false

  func plan(seed: UInt64) -> FakePlan {
    FakePlan(
      seed: seed, faults: Array(0..<10), operations: Array(0..<400), nodes: Array(0..<6))
  }

  func run(_ plan: FakePlan) -> SeedOutcome {
    var outcome = SeedOutcome(seed: plan.seed)
    outcome.faults = plan.seed.isMultiple(of: 2) ? ["drop": 2] : ["drop": 1, "delay": 3]
    outcome.coverage = plan.seed.isMultiple(of: 3) ? ["hit"] : []
    outcome.nodes = plan.nodes.count
    outcome.acknowledgedWrites = plan.operations.count - Int(plan.seed % 5)
    outcome.steps = plan.operations.count
    outcome.virtualTime = .milliseconds(plan.operations.count)
    outcome.traceHash = (plan.seed &+ 1) &* UInt64(plan.operations.count + plan.faults.count)
    if let culprits = self.culprits(plan.seed), plan.contains(culprits) {
      outcome.failure = SeedOutcome.Failure(
        invariant: "K1", step: plan.operations.count, virtualTime: .seconds(1), detail: "row 7")
    } else if self.hasSecondMistake, plan.operations.count < 100 {
      outcome.failure = SeedOutcome.Failure(
        invariant: "L1", step: 1, virtualTime: .seconds(1), detail: "not equal")
    }
    return outcome
  }
}

struct FakePlan: ShrinkablePlan, Hashable {
  let seed: UInt64
  var faults: [Int]
  var operations: [Int]
  var nodes: [Int]

  func places(of part: PlanPart) -> [Int] {
    switch part {
    case .faults: self.faults
    case .operations: self.operations
    case .nodes: Array(self.nodes.dropFirst())
    }
  }

  func without(_ omission: PlanOmission) -> FakePlan {
    FakePlan(
      seed: self.seed, faults: self.faults.filter { !omission[.faults].contains($0) },
      operations: self.operations.filter { !omission[.operations].contains($0) },
      nodes: self.nodes.filter { !omission[.nodes].contains($0) })
  }

  func contains(_ other: FakePlan) -> Bool {
    Set(self.faults).isSuperset(of: other.faults)
      && Set(self.operations).isSuperset(of: other.operations)
      && Set(self.nodes).isSuperset(of: other.nodes)
  }

  var lines: [String] { ["seed \(self.seed)"] }
}
