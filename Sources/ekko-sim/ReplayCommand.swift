import EkkoNode
import EkkoSimulation

/// `ekko-sim replay`: one run of one seed, exactly as it was, with all that was planned for it.
struct ReplayCommand {
  private let scenario: ScenarioChoice
  private let seed: UInt64
  private let omission: PlanOmission
  /// The name of a mistake to plant.
  private let planted: String?
  private let isJSON: Bool

  init(_ words: ArraySlice<String>) throws(Failure) {
    let flags = try FlagValues(words, of: [.seed, .scenario, .without, .planted, .json])
    self.scenario = try ScenarioChoice(flags)
    guard self.scenario != .scale else {
      throw FlagValues.mistake(
        "--scenario scale", "it has no plan to replay", "Use 'ekko-sim run --scenario scale'")
    }
    guard let seed = try flags.integer(.seed, in: 0...UInt64.max) else {
      throw FlagValues.mistake("--seed", "'ekko-sim replay' needs it", "Add --seed S")
    }
    self.seed = seed
    do throws(PlanOmission.ParseError) {
      self.omission = try flags.text(.without).map(PlanOmission.init(parsing:)) ?? PlanOmission()
    } catch {
      throw FlagValues.mistake(
        "--without", "'\(error.word)' is no part of a plan",
        "Copy it from the line that the failure ended with")
    }
    self.isJSON = flags.isPresent(.json)
    self.planted = flags.text(.planted)
    if let planted = self.planted { try PlantedMistakes.plant(planted) }
  }

  func run() throws(Failure) -> ExitCode {
    switch self.scenario {
    case .cluster: try self.run(ClusterScenario())
    case .scale: .failure
    }
  }

  private func run<Scenario: BatchScenario>(_ scenario: Scenario) throws(Failure) -> ExitCode {
    let whole = scenario.plan(seed: self.seed)
    let wrong = self.omission.subtracting(whole.omissible)
    guard wrong.isEmpty else {
      throw FlagValues.mistake(
        "--without", "the plan of seed \(self.seed) cannot be without \(wrong)",
        "It can be without \(whole.omissible)")
    }
    let plan = whole.without(self.omission)
    if !self.isJSON { try StandardStream.output.print(plan.lines) }
    let start = ContinuousClock.now
    // On a thread of its own for its stack.
    let outcome = Workers.map([plan], threads: 1) { scenario.run($0) }[0]
    var summary = BatchSummary(of: Scenario.self, firstSeed: self.seed)
    summary.add(outcome)
    var failure = BatchFailure(outcome, without: self.omission, scenario: Scenario.name)
    if let planted = self.planted { failure = failure?.planting(planted) }
    if self.isJSON {
      let report = SummaryReport(
        command: "replay", summary: summary, wall: start.duration(to: .now))
      try StandardStream.output.print((failure.map { [$0.json.line] } ?? []) + [report.json.line])
    } else {
      try StandardStream.output.print(
        outcome.madeUp.map { "not planned: \($0)" } + ["", outcome.textLine]
          + (failure?.textLines ?? ["nothing failed"]))
    }
    return summary.isGood ? .success : .failure
  }
}
