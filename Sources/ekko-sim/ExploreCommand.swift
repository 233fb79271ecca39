import EkkoNode
import EkkoSimulation

/// `ekko-sim explore`: runs scopes and planted mistakes one after the other and prints what came of
/// them.
struct ExploreCommand {
  private var scopes = Self.allScopes
  private var traps = ExplorationTrap.allCases
  private let isJSON: Bool

  /// Many steps with few at a time, then fewer with more going on. The first has 50 million states.
  private static let allScopes = [
    ExplorationScope(
      replicas: 2, operations: 6, pulls: 5, losses: 1, duplicates: 1, restarts: 1,
      concurrentPulls: 1),
    ExplorationScope(replicas: 3, operations: 4, pulls: 4, losses: 1, concurrentPulls: 1),
    ExplorationScope(
      replicas: 2, operations: 4, pulls: 4, losses: 1, duplicates: 1, restarts: 1),
    ExplorationScope(
      replicas: 2, operations: 3, pulls: 3, deletes: 1, losses: 1, prunings: 1),
    ExplorationScope(
      replicas: 2, operations: 3, pulls: 2, deletes: 1, restarts: 1, saves: 1, prunings: 1),
    ExplorationScope(
      replicas: 2, operations: 2, pulls: 3, duplicates: 1, restarts: 1, delays: true),
    ExplorationScope(
      replicas: 2, operations: 2, pulls: 2, losses: 1, prunings: 1, delays: true),
  ]

  private static let workers = 2

  init(_ words: ArraySlice<String>) throws(Failure) {
    let scopeFlags = ScopeFlag.all.map(\.flag) + [.delays]
    let flags = try FlagValues(words, of: scopeFlags + [.trap, .small, .json])
    self.isJSON = flags.isPresent(.json)
    let choices = [[.small], [.trap], scopeFlags].compactMap { $0.first(where: flags.isPresent) }
    if choices.count > 1 {
      throw FlagValues.mistake(
        choices[0].name, "it does not go with \(choices[1].name)", "Give one of them")
    }
    if let trap = try Self.trap(flags) {
      self.scopes = []
      self.traps = [trap]
    } else if let scope = try ScopeFlag.scope(flags) {
      self.scopes = [scope]
      self.traps = []
    } else if flags.isPresent(.small) {
      self.scopes.removeFirst()
    }
  }

  private static func trap(_ flags: FlagValues) throws(Failure) -> ExplorationTrap? {
    guard let text = flags.text(.trap) else { return nil }
    guard let trap = ExplorationTrap.allCases.first(where: { "\($0.rawValue)" == text }) else {
      let known = ExplorationTrap.allCases.map { "\($0.rawValue)" }.joined(separator: ", ")
      throw FlagValues.mistake(
        "--trap", "'\(text)' is none that can be planted here", "Known are \(known)")
    }
    return trap
  }

  func run() async throws(Failure) -> ExitCode {
    let start = ContinuousClock.now
    var summary = ExplorationSummary()
    for scope in self.scopes {
      let result = await Self.explore(scope, nil)
      summary.add(result)
      try self.print(result)
    }
    if self.scopes.count > 1, !self.isJSON {
      try StandardStream.output.print("\(summary.states) distinct states in all")
    }
    for trap in self.traps {
      let result = await Self.explore(trap.scope, trap)
      summary.add(result)
      try self.print(result)
    }
    if self.isJSON {
      try StandardStream.output.print(summary.json(wall: start.duration(to: .now)).line)
    }
    return summary.isGood ? .success : .failure
  }

  private static func explore(
    _ scope: ExplorationScope, _ trap: ExplorationTrap?
  ) async -> ExplorationResult {
    let start = ContinuousClock.now
    let report = await Explorer(scope: scope, trap: trap).run(workers: Self.workers)
    return ExplorationResult(
      scope: scope, trap: trap, report: report, wall: start.duration(to: .now))
  }

  private func print(_ result: ExplorationResult) throws(Failure) {
    try StandardStream.output.print(self.isJSON ? [result.json.line] : result.textLines)
  }
}
