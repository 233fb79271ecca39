import EkkoNode
import EkkoSimulation

/// What came of exploring one scope, with or without a planted mistake, as it is printed.
struct ExplorationResult {
  let scope: ExplorationScope
  let trap: ExplorationTrap?
  let report: Explorer.Report
  let wall: Duration

  var isGood: Bool { self.report.failure == self.trap?.expected }

  var json: JSONValue {
    let kind: [JSONValue.Field] =
      if let trap = self.trap {
        [
          .init("kind", .text("trap")), .init("trap", .integer(trap.rawValue)),
          .init("expected", .text(trap.expected.rawValue)),
        ]
      } else {
        [.init("kind", .text("scope"))]
      }
    return .object(
      kind + [
        .init("scope", self.scope.json),
        .init("invariant", self.report.failure.map { .text($0.rawValue) } ?? .null),
        .init("path", .list(self.report.path.map { .text($0.description) })),
        .init("states", .integer(self.report.distinctStates)),
        .init("depth", .integer(self.report.depth)),
        .init("transitions", .integer(self.report.transitions)),
        .init("wall_seconds", .number(self.wall.seconds)),
      ])
  }

  var textLines: [String] {
    let seconds = Figures.fixed(self.wall.seconds, 1)
    guard let trap = self.trap else {
      return [
        "\(self.scope): \(self.report.distinctStates) states, depth \(self.report.depth), "
          + "\(self.report.transitions) transitions, \(seconds) s"
      ] + self.pathLines
    }
    let line =
      "trap \(trap.rawValue): found \(self.report.failure?.rawValue ?? "nothing") after "
      + "\(self.report.path.count) steps, \(self.report.distinctStates) states, \(seconds) s"
    guard !self.isGood else { return [line] }
    return [line, "  expected was \(trap.expected.rawValue)"] + self.pathLines
  }

  private var pathLines: [String] {
    guard let failure = self.report.failure else { return [] }
    return ["  \(failure.rawValue) broken after:"] + self.report.path.map { "    \($0)" }
  }
}

/// What an exploration amounts to.
struct ExplorationSummary {
  /// Distinct ones, in all scopes without a mistake.
  private(set) var states = 0
  private var scopes = 0
  private var broken = 0
  private var traps = 0
  /// Mistakes that broke nothing, or another invariant than expected.
  private var missed: [Int] = []

  var isGood: Bool { self.broken == 0 && self.missed.isEmpty }

  mutating func add(_ result: ExplorationResult) {
    if let trap = result.trap {
      self.traps += 1
      if !result.isGood { self.missed.append(trap.rawValue) }
    } else {
      self.scopes += 1
      self.states += result.report.distinctStates
      if !result.isGood { self.broken += 1 }
    }
  }

  func json(wall: Duration) -> JSONValue {
    .object([
      .init("kind", .text("summary")), .init("command", .text("explore")),
      .init("scopes", .integer(self.scopes)), .init("broken", .integer(self.broken)),
      .init("states", .integer(self.states)), .init("traps", .integer(self.traps)),
      .init("missed", .list(self.missed.map(JSONValue.integer))),
      .init("wall_seconds", .number(wall.seconds)),
    ])
  }
}
