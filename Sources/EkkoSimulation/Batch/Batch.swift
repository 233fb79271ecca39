internal import EkkoCore

/// Runs a scenario with one seed after the other, several at a time, and makes what fails small.
///
/// What comes of it does not depend on the number of threads: seeds are independent, and everything
/// is taken up in their order.
package struct Batch<Scenario: BatchScenario>: Sendable {
  private let scenario: Scenario
  private let firstSeed: UInt64
  private let count: Int
  private let threads: Int
  private let shrinker: Shrinker<Scenario>

  /// So many outcomes are held at a time.
  private static var blockSize: Int { 256 }
  /// Failures beyond these are reported as they are: one mistake often breaks many seeds.
  private static var shrinkLimit: Int { 4 }

  package init(
    _ scenario: Scenario, firstSeed: UInt64, count: Int, threads: Int = 2,
    shrinker: Shrinker<Scenario>? = nil
  ) {
    self.scenario = scenario
    self.firstSeed = firstSeed
    self.count = count
    self.threads = threads
    self.shrinker = shrinker ?? Shrinker(scenario)
  }

  /// Every seed up to the last one must exist.
  ///
  /// - Parameters:
  ///   - onProgress: gets the number of seeds that have run and of those that failed; by one thread
  ///     at a time.
  ///   - onFailure: gets each failure in the order of the seeds, on the calling thread.
  package func run<Failure: Error>(
    onProgress: @escaping @Sendable (_ seeds: Int, _ failed: Int) -> Void = { _, _ in },
    onFailure: (BatchFailure) throws(Failure) -> Void
  ) throws(Failure) -> BatchSummary {
    var summary = BatchSummary(of: Scenario.self, firstSeed: self.firstSeed)
    let progress = Guarded((seeds: 0, failed: 0))
    for start in stride(from: 0, to: self.count, by: Self.blockSize) {
      let offsets = start..<min(start + Self.blockSize, self.count)
      let outcomes = Workers.map(
        offsets.map { self.firstSeed + UInt64($0) }, threads: self.threads
      ) { seed in
        let outcome = self.scenario.run(self.scenario.plan(seed: seed))
        progress.withLock { progress in
          progress.seeds += 1
          if outcome.failure != nil { progress.failed += 1 }
          onProgress(progress.seeds, progress.failed)
        }
        return outcome
      }
      let failed = outcomes.filter { $0.failure != nil }
      let room = max(0, Self.shrinkLimit - summary.failed)
      for outcome in outcomes { summary.add(outcome) }
      let shrunk = Workers.map(Array(failed.prefix(room)), threads: self.threads) { outcome in
        self.shrinker.shrink(outcome)
      }
      let whole = failed.dropFirst(room).map { Shrinker<Scenario>.Result(outcome: $0) }
      for result in shrunk + whole {
        let failure = BatchFailure(
          result.outcome, without: result.omission, scenario: Scenario.name)
        if let failure { try onFailure(failure) }
      }
    }
    return summary
  }
}

/// A seed that failed, with the smallest plan that fails the same way.
package struct BatchFailure: Hashable, Sendable {
  package let seed: UInt64
  package let omission: PlanOmission
  /// Of the plan without what is left out.
  package let failure: SeedOutcome.Failure
  package let traceHash: UInt64
  /// The command that repeats it exactly.
  package private(set) var replay: String

  /// What runs where `--scenario` does not say.
  package static let usualScenario = "cluster"

  /// The failure of a run of the seed's plan without `omission`; `nil` if it did not fail.
  package init?(_ outcome: SeedOutcome, without omission: PlanOmission, scenario: String) {
    guard let failure = outcome.failure else { return nil }
    self.seed = outcome.seed
    self.omission = omission
    self.failure = failure
    self.traceHash = outcome.traceHash
    self.replay = Self.command(self.seed, omission, scenario: scenario)
  }

  /// The same with a mistake planted, which `replay` must plant again.
  package func planting(_ mistake: String) -> BatchFailure {
    var failure = self
    failure.replay += " --planted \(mistake)"
    return failure
  }

  /// The scenario is named unless it is the usual one.
  package static func command(
    _ seed: UInt64, _ omission: PlanOmission, scenario: String
  ) -> String {
    var words = ["ekko-sim", "replay", "--seed", "\(seed)"]
    if scenario != Self.usualScenario { words += ["--scenario", scenario] }
    if !omission.isEmpty { words += ["--without", omission.description] }
    return words.joined(separator: " ")
  }
}
