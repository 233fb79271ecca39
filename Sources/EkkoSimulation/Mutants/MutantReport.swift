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
  /// What the product does wrong.
  package let meaning: String
  /// Its number in the catalogue of traps.
  package let trap: Int?
  package let find: Find?
  package let seedsTried: Int

  package init(name: String, meaning: String, trap: Int?, find: Find?, seedsTried: Int) {
    self.name = name
    self.meaning = meaning
    self.trap = trap
    self.find = find
    self.seedsTried = seedsTried
  }
}

/// What came of looking for all of them.
package struct MutantSummary: Hashable, Sendable {
  package private(set) var mutants = 0
  package private(set) var missed: [String] = []
  /// Whether each was tried at one seed only, which was known to find it.
  package let isRecorded: Bool
  /// How many seeds were tried for each that was found.
  private var tried = BatchSummary.Histogram()

  package init(isRecorded: Bool = false) { self.isRecorded = isRecorded }

  package mutating func add(_ report: MutantReport) {
    self.mutants += 1
    if report.find == nil {
      self.missed.append(report.name)
    } else {
      self.tried.add(report.seedsTried)
    }
  }

  package var found: Int { self.mutants - self.missed.count }

  /// The lower one of two in the middle; `nil` if none was found, or none looked for.
  package var medianSeeds: Int? { self.hasSearched ? self.tried.median : nil }

  package var maximalSeeds: Int? { self.hasSearched ? self.tried.maximum : nil }

  private var hasSearched: Bool { self.found > 0 && !self.isRecorded }
}
