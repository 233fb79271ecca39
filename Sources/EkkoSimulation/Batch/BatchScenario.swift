/// What a batch runs: it makes a plan of each seed, and runs plans.
package protocol BatchScenario: Sendable {
  associatedtype Plan: ShrinkablePlan

  /// As `--scenario` names it.
  static var name: String { get }
  /// Every kind of fault that a batch must have seen, in the order of reports.
  static var faultKinds: [String] { get }
  /// Every point of the product that a batch must have reached.
  static var coveragePoints: [String] { get }

  func plan(seed: UInt64) -> Plan

  /// Runs `plan` to its end on the calling thread. The outcome is a function of the plan alone.
  func run(_ plan: Plan) -> SeedOutcome
}

/// A list of a plan whose items can be left out one by one; in the order in which that is tried.
package enum PlanPart: String, CaseIterable, Hashable, Sendable {
  case faults, operations, nodes
}

/// All that will happen in a run, as lists drawn from a seed.
package protocol ShrinkablePlan: Sendable {
  /// The items of `part`, by their places in the plan of the seed; the rest has no choice.
  func places(of part: PlanPart) -> [Int]

  /// The same plan without some of its items; every other item stays what it was.
  func without(_ omission: PlanOmission) -> Self

  /// The options and every item, as `replay` prints them.
  var lines: [String] { get }
}

extension ShrinkablePlan {
  /// All that can be left out.
  package var omissible: PlanOmission {
    var omission = PlanOmission()
    for part in PlanPart.allCases { omission[part] = self.places(of: part) }
    return omission
  }
}

/// What came of a run.
package struct SeedOutcome: Hashable, Sendable {
  package struct Failure: Hashable, Sendable {
    /// The name in the catalogue.
    package let invariant: String
    package let step: Int
    /// Since the run began.
    package let virtualTime: Duration
    package var detail: String

    package init(invariant: String, step: Int, virtualTime: Duration, detail: String) {
      self.invariant = invariant
      self.step = step
      self.virtualTime = virtualTime
      self.detail = detail
    }
  }

  package let seed: UInt64
  package var failure: Failure?
  /// How often each kind of fault changed what came of an operation.
  package var faults: [String: Int] = [:]
  /// How many faults changed anything, each counted once.
  package var effectiveFaults = 0
  /// The faults that were not planned, as `replay` prints them.
  package var madeUp: [String] = []
  /// The points that were reached.
  package var coverage: Set<String> = []
  package var nodes = 0
  package var dataCentres = 0
  package var shards = 0
  package var acknowledgedWrites = 0
  package var steps = 0
  package var virtualTime = Duration.zero
  package var strayTasks = 0
  /// Further runs of the same plan that must come to the same end.
  package var twins = 0
  package var traceHash: UInt64 = 0

  package init(seed: UInt64) { self.seed = seed }
}
