/// What came of looking for one planted mistake.
package struct MutantReport: Hashable, Sendable {
  /// A seed that fails with the mistake and passes without it.
  package struct Find: Hashable, Sendable {
    package let seed: UInt64
    package let failure: SeedOutcome.Failure

    package init(seed: UInt64, failure: SeedOutcome.Failure) {
      self.seed = seed
      self.failure = failure
    }
  }

  package let name: String
  /// Its number in the catalogue of traps.
  package let trap: Int?
  package let find: Find?
  package let seedsTried: Int

  package init(name: String, trap: Int?, find: Find?, seedsTried: Int) {
    self.name = name
    self.trap = trap
    self.find = find
    self.seedsTried = seedsTried
  }
}

/// What came of looking for all of them.
package struct MutantSummary: Hashable, Sendable {
  package private(set) var mutants = 0
  package private(set) var missed: [String] = []
  /// How many seeds were tried for each that was found.
  private var tried = BatchSummary.Histogram()

  package init() {}

  package mutating func add(_ report: MutantReport) {
    self.mutants += 1
    if report.find == nil {
      self.missed.append(report.name)
    } else {
      self.tried.add(report.seedsTried)
    }
  }

  package var found: Int { self.mutants - self.missed.count }

  /// The lower one of two in the middle; `nil` if none was found.
  package var medianSeeds: Int? { self.found == 0 ? nil : self.tried.median }

  package var maximalSeeds: Int? { self.found == 0 ? nil : self.tried.maximum }
}
