#if PlantedBugs
  package import EkkoCore

  /// Plants one mistake after the other and runs seeds of a scenario until one breaks an invariant of
  /// the catalogue; then sees that the same seed passes without the mistake.
  package struct MutantHunt<Scenario: BatchScenario>: Sendable {
    private let scenario: Scenario
    private let threads: Int
    /// Whether a seed passes without any mistake, as far as was asked.
    private var clean: [UInt64: Bool] = [:]

    package init(_ scenario: Scenario, threads: Int = 2) {
      self.scenario = scenario
      self.threads = threads
    }

    /// Not what a checker of the catalogue finds, but the run itself, or what a reader was given.
    private static var uncounted: Set<String> {
      [Invariant.run.rawValue, Invariant.reads.rawValue]
    }

    /// Looks for `bug` where it was found before: it must break the same again.
    package mutating func confirm(_ bug: PlantedBug) -> MutantReport {
      guard let record = RecordedSeeds.record(of: bug) else {
        return Self.report(bug, find: nil, seedsTried: 0)
      }
      let report = self.hunt(bug, from: record.seed, count: 1)
      guard report.find?.failure.invariant != record.invariant.rawValue else { return report }
      return Self.report(bug, find: nil, seedsTried: 1)
    }

    /// Looks for `bug` at the seeds from `first` on, at most `count` of them, all of which there are.
    package mutating func hunt(_ bug: PlantedBug, from first: UInt64, count: Int) -> MutantReport {
      var tried = 0
      while tried < count,
        let found = self.search(bug, from: first + UInt64(tried), count: count - tried)
      {
        tried = Int(found.seed - first) + 1
        // What fails anyway is not the mistake's doing.
        guard self.isClean(found.seed) else { continue }
        return Self.report(
          bug, find: .init(seed: found.seed, failure: found.value), seedsTried: tried)
      }
      return Self.report(bug, find: nil, seedsTried: count)
    }

    private static func report(
      _ bug: PlantedBug, find: MutantReport.Find?, seedsTried: Int
    ) -> MutantReport {
      MutantReport(
        name: bug.rawValue, meaning: bug.meaning, trap: bug.trap, find: find,
        seedsTried: seedsTried)
    }

    private func search(
      _ bug: PlantedBug, from first: UInt64, count: Int
    ) -> SeedSearch.Find<SeedOutcome.Failure>? {
      PlantedBug.active = bug
      defer { PlantedBug.active = nil }
      let scenario = self.scenario
      return SeedSearch.first(from: first, count: count, threads: self.threads) { seed in
        let failure = scenario.run(scenario.plan(seed: seed)).failure
        return failure.flatMap { Self.uncounted.contains($0.invariant) ? nil : $0 }
      }
    }

    private mutating func isClean(_ seed: UInt64) -> Bool {
      if let known = self.clean[seed] { return known }
      let scenario = self.scenario
      // On a thread of its own for its stack.
      let outcome = Workers.map([seed], threads: 1) { scenario.run(scenario.plan(seed: $0)) }[0]
      self.clean[seed] = outcome.failure == nil
      return outcome.failure == nil
    }
  }
#endif
