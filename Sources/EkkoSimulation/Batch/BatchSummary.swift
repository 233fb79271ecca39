/// What a batch amounts to. Its size does not grow with the number of seeds.
package struct BatchSummary: Hashable, Sendable {
  /// One kind of fault: in how many seeds it changed anything, and how often in all.
  package struct FaultCount: Hashable, Sendable {
    package let kind: String
    package var seeds = 0
    package var count = 0
  }

  /// Numbers by how often they came.
  package struct Histogram: Hashable, Sendable {
    private var counts: [Int: Int] = [:]
    private var total = 0

    mutating func add(_ value: Int) {
      self.counts[value, default: 0] += 1
      self.total += 1
    }

    package var minimum: Int { self.counts.keys.min() ?? 0 }

    package var maximum: Int { self.counts.keys.max() ?? 0 }

    /// The lower one of two in the middle; 0 of nothing.
    package var median: Int {
      var left = (self.total + 1) / 2
      for value in self.counts.keys.sorted() {
        left -= self.counts[value] ?? 0
        if left <= 0 { return value }
      }
      return 0
    }
  }

  /// From so many seeds on, what is missing of the coverage is a failure.
  package static let coverageSeeds = 1000

  package let firstSeed: UInt64
  package private(set) var seeds = 0
  package private(set) var failed = 0
  package private(set) var faults: [FaultCount]
  package private(set) var nodes = Histogram()
  package private(set) var dataCentres = Histogram()
  package private(set) var shards = Histogram()
  package private(set) var writes = Histogram()
  /// Faults of a seed that changed anything, and their kinds.
  package private(set) var effectiveFaults = Histogram()
  package private(set) var kinds = Histogram()
  package private(set) var steps = 0
  package private(set) var virtualTime = Duration.zero
  package private(set) var strayTasks = 0
  package private(set) var twins = 0
  /// Crashes that were not planned, see `FaultDirector.makeUp`.
  package private(set) var madeUp = 0
  /// Of all runs, in the order of their seeds; of one run its own.
  package private(set) var traceHash: UInt64 = 0
  private var reached: Set<String> = []
  private let points: [String]

  package init<Scenario: BatchScenario>(of scenario: Scenario.Type, firstSeed: UInt64) {
    self.firstSeed = firstSeed
    self.faults = scenario.faultKinds.map { FaultCount(kind: $0) }
    self.points = scenario.coveragePoints
  }

  package mutating func add(_ outcome: SeedOutcome) {
    self.seeds += 1
    if outcome.failure != nil { self.failed += 1 }
    for place in self.faults.indices {
      guard let count = outcome.faults[self.faults[place].kind], count > 0 else { continue }
      self.faults[place].seeds += 1
      self.faults[place].count += count
    }
    self.reached.formUnion(outcome.coverage)
    self.nodes.add(outcome.nodes)
    self.dataCentres.add(outcome.dataCentres)
    self.shards.add(outcome.shards)
    self.writes.add(outcome.acknowledgedWrites)
    self.effectiveFaults.add(outcome.effectiveFaults)
    self.kinds.add(outcome.faults.values.count { $0 > 0 })
    self.steps += outcome.steps
    self.virtualTime += outcome.virtualTime
    self.strayTasks += outcome.strayTasks
    self.twins += outcome.twins
    self.madeUp += outcome.madeUp.count
    self.traceHash = (self.traceHash &* 0x100_0000_01b3) ^ outcome.traceHash
  }

  /// Kinds of fault that changed something in fewer than 1 % of the seeds, then points that were never
  /// reached.
  package var coverageMissing: [String] {
    self.faults.filter { $0.seeds == 0 || $0.seeds * 100 < self.seeds }.map(\.kind)
      + self.points.filter { !self.reached.contains($0) }
  }

  /// Whether the batch failed.
  package var isGood: Bool {
    self.failed == 0 && self.strayTasks == 0
      && (self.seeds < Self.coverageSeeds || self.coverageMissing.isEmpty)
  }
}
