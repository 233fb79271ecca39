import EkkoNode
import EkkoSimulation

/// A number of an exploration's scope, as `explore` takes it and prints it.
struct ScopeFlag {
  let flag: ToolFlag
  let field: any WritableKeyPath<ExplorationScope, Int> & Sendable
  let range: ClosedRange<Int>

  private init(
    _ name: String, _ field: any WritableKeyPath<ExplorationScope, Int> & Sendable,
    _ range: ClosedRange<Int> = ExplorationScope.usualRange
  ) {
    self.flag = ToolFlag(name: name, placeholder: "N")
    self.field = field
    self.range = range
  }

  static let all = [
    ScopeFlag("--replicas", \.replicas, ExplorationScope.replicaRange),
    ScopeFlag("--operations", \.operations, 1...ExplorationScope.usualRange.upperBound),
    ScopeFlag("--deletes", \.deletes),
    ScopeFlag("--pulls", \.pulls),
    ScopeFlag("--losses", \.losses),
    ScopeFlag("--duplicates", \.duplicates),
    ScopeFlag("--restarts", \.restarts, ExplorationScope.restartRange),
    ScopeFlag("--saves", \.saves),
    ScopeFlag("--prunings", \.prunings),
    ScopeFlag("--concurrent-pulls", \.concurrentPulls, 1...ExplorationScope.usualRange.upperBound),
    ScopeFlag("--earlier-puts", \.earlierPuts),
  ]

  /// The scope that `flags` describe; `nil` if they describe none.
  static func scope(_ flags: FlagValues) throws(Failure) -> ExplorationScope? {
    var scope = ExplorationScope(replicas: 2, operations: 0, pulls: 0)
    var isGiven = flags.isPresent(.delays)
    scope.delays = isGiven
    for item in Self.all {
      guard let number = try flags.integer(item.flag, in: item.range) else { continue }
      scope[keyPath: item.field] = number
      isGiven = true
    }
    guard isGiven else { return nil }
    guard scope.operations > 0 else {
      throw FlagValues.mistake(
        "--operations", "a scope needs something that happens", "Add --operations N")
    }
    return scope
  }
}

extension ExplorationScope {
  var json: JSONValue {
    let numbers = ScopeFlag.all.map { item in
      JSONValue.Field(
        item.flag.name.dropFirst(2).split(separator: "-").joined(separator: "_"),
        .integer(self[keyPath: item.field]))
    }
    return .object(numbers + [.init("delays", .truth(self.delays))])
  }
}

extension ToolFlag {
  static let delays = ToolFlag(name: "--delays")
  static let trap = ToolFlag(name: "--trap", placeholder: "N")
  static let small = ToolFlag(name: "--small")
}
