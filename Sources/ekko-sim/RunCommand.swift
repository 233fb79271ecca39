import EkkoCore
import EkkoNode
import EkkoSimulation

/// `ekko-sim run`: one seed after the other, what fails made small, and what it all amounts to.
struct RunCommand {
  private let scenario: ScenarioChoice
  private let seeds: SeedRange
  /// The name of a mistake to plant.
  private let planted: String?
  private let isJSON: Bool

  private static let usualCount = 100

  init(_ words: ArraySlice<String>) throws(Failure) {
    let flags = try FlagValues(words, of: [.seed, .seeds, .scenario, .planted, .json])
    self.scenario = try ScenarioChoice(flags)
    self.seeds = try SeedRange(
      flags, usualFirst: 1, usualCount: self.scenario == .scale ? 1 : Self.usualCount)
    self.isJSON = flags.isPresent(.json)
    self.planted = flags.text(.planted)
    if let planted = self.planted { try PlantedMistakes.plant(planted) }
    guard self.scenario != .scale || !flags.isPresent(.seeds) else {
      throw FlagValues.mistake("--seeds", "the scenario 'scale' has one seed", "Leave it out")
    }
  }

  func run() throws(Failure) -> ExitCode {
    switch self.scenario {
    case .cluster: try self.run(ClusterScenario())
    case .scale: try ScaleCommand(seed: self.seeds.first, isJSON: self.isJSON).run()
    }
  }

  private func run(_ scenario: some BatchScenario) throws(Failure) -> ExitCode {
    let progress = BatchProgress(count: self.seeds.count)
    let start = ContinuousClock.now
    let summary = try Batch(
      scenario, firstSeed: self.seeds.first, count: self.seeds.count
    ).run(
      onProgress: progress.show,
      onFailure: { failure throws(Failure) in
        progress.clear()
        let failure = self.planted.map(failure.planting) ?? failure
        try StandardStream.output.print(
          self.isJSON ? [failure.json.line] : failure.textLines)
      })
    progress.clear()
    let report = SummaryReport(
      command: "run", summary: summary, wall: start.duration(to: .now))
    try StandardStream.output.print(self.isJSON ? [report.json.line] : report.textLines)
    return summary.isGood ? .success : .failure
  }
}

/// A line on a terminal that says how far a batch is; nothing elsewhere.
private final class BatchProgress: Sendable {
  private let count: Int
  private let next = Guarded(ContinuousClock.now)
  private let isShown = StandardStream.error.isDrawable

  init(count: Int) { self.count = count }

  func show(_ seeds: Int, _ failed: Int) {
    guard self.isShown else { return }
    let isDue = self.next.withLock { next in
      guard ContinuousClock.now >= next else { return false }
      next = .now + .milliseconds(200)
      return true
    }
    // Whether anybody sees it makes no difference to the batch.
    if isDue {
      try? StandardStream.error.write("\r\u{1B}[K\(seeds) of \(self.count) seeds, \(failed) failed")
    }
  }

  func clear() {
    if self.isShown { try? StandardStream.error.write("\r\u{1B}[K") }
  }
}
