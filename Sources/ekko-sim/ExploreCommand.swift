import EkkoSimulation
import Glibc

/// `ekko-sim explore`: runs scopes and planted mistakes one after the other and prints what came of
/// them.
struct ExploreCommand {
  private var scopes = Self.allScopes
  private var traps = ExplorationTrap.allCases

  struct UsageError: Error {
    let message: String
  }

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

  init(arguments: [String]) throws(UsageError) {
    guard !arguments.isEmpty else { return }
    if arguments == ["--small"] {
      self.scopes.removeFirst()
      return
    }
    var scope = ExplorationScope(replicas: 2, operations: 0, pulls: 0)
    var rest = arguments[...]
    var trap: ExplorationTrap?
    while let flag = rest.popFirst() {
      if flag == "--delays" {
        scope.delays = true
        continue
      }
      guard let text = rest.popFirst(), let number = Int(text), 0...99 ~= number else {
        throw UsageError(message: "\(flag) needs a number. Try 'ekko-sim --help'.")
      }
      if flag == "--trap" {
        trap = ExplorationTrap(rawValue: number)
        guard trap != nil else {
          let known = ExplorationTrap.allCases.map { "\($0.rawValue)" }.joined(separator: ", ")
          throw UsageError(message: "no trap \(number) can be planted. Known are \(known).")
        }
      } else if let field = Self.fields[flag] {
        scope[keyPath: field] = number
      } else {
        throw UsageError(message: "unknown flag: '\(flag)'. Try 'ekko-sim --help'.")
      }
    }
    self.scopes = trap == nil ? [scope] : []
    self.traps = trap.map { [$0] } ?? []
  }

  private static let fields: [String: any WritableKeyPath<ExplorationScope, Int> & Sendable] = [
    "--replicas": \.replicas, "--operations": \.operations, "--deletes": \.deletes,
    "--pulls": \.pulls, "--losses": \.losses, "--duplicates": \.duplicates,
    "--restarts": \.restarts, "--saves": \.saves, "--prunings": \.prunings,
    "--concurrent-pulls": \.concurrentPulls,
    "--earlier-puts": \.earlierPuts,
  ]

  /// - Returns: whether all was as it should be.
  func run() async -> Bool {
    var isGood = true
    var states = 0
    for scope in self.scopes {
      let (report, seconds) = await Self.explore(scope, nil)
      states += report.distinctStates
      print(
        "\(scope): \(report.distinctStates) states, depth \(report.depth), "
          + "\(report.transitions) transitions, \(seconds) s")
      isGood = Self.isUnbroken(report) && isGood
    }
    if self.scopes.count > 1 { print("\(states) distinct states in all") }
    for trap in self.traps {
      let (report, seconds) = await Self.explore(trap.scope, trap)
      let found = report.failure.map(\.rawValue) ?? "nothing"
      print(
        "trap \(trap.rawValue): found \(found) after \(report.path.count) steps, "
          + "\(report.distinctStates) states, \(seconds) s")
      if report.failure != trap.expected {
        print("  expected was \(trap.expected.rawValue)")
        _ = Self.isUnbroken(report)
        isGood = false
      }
    }
    return isGood
  }

  private static func explore(
    _ scope: ExplorationScope, _ trap: ExplorationTrap?
  ) async -> (Explorer.Report, seconds: Double) {
    let clock = ContinuousClock()
    let start = clock.now
    let report = await Explorer(scope: scope, trap: trap).run(workers: Self.workers)
    let duration = start.duration(to: clock.now)
    // Whoever waits for a long exploration sees each line as it comes.
    defer { fflush(nil) }
    return (report, (duration / .milliseconds(100)).rounded() / 10)
  }

  private static func isUnbroken(_ report: Explorer.Report) -> Bool {
    guard let failure = report.failure else { return true }
    print("  \(failure.rawValue) broken after:")
    for step in report.path { print("    \(step)") }
    return false
  }
}
