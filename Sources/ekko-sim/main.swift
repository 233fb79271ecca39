import EkkoSimulation
import Glibc

let help = """
  ekko-sim explore

  Visits every state that a small cluster of shard replicas can reach: all orders of writes, pulls
  piece by piece, losses, duplicates, restarts and cache prunings within each scope, with the
  invariants checked after every step. Prints the number of distinct states and the depth.

  Exit codes: 0 nothing broken, 1 an invariant broken (the shortest way to it is printed), 64 usage.
  """

/// The scopes explored; what is not listed in one is zero there.
let scopes = [
  ExplorationScope(replicas: 2, writes: 3, pulls: 2, losses: 1, prunings: 1),
  ExplorationScope(replicas: 2, writes: 2, pulls: 3, duplicates: 1),
  ExplorationScope(replicas: 2, writes: 2, pulls: 3, restarts: 1),
  ExplorationScope(replicas: 3, writes: 2, pulls: 2, losses: 1),
]

func describe(_ scope: ExplorationScope) -> String {
  "\(scope.replicas) replicas, \(scope.writes) writes, \(scope.pulls) pulls, "
    + "\(scope.losses) losses, \(scope.duplicates) duplicates, \(scope.restarts) restarts, "
    + "\(scope.prunings) prunings"
}

func explore() -> CInt {
  var states = 0
  var exitCode: CInt = 0
  for scope in scopes {
    let report = Explorer(scope: scope).run()
    states += report.distinctStates
    print("\(describe(scope)): \(report.distinctStates) states, depth \(report.depth)")
    if let failure = report.failure {
      exitCode = 1
      print("  \(failure.rawValue) broken after:")
      for step in report.path { print("    \(step)") }
    }
  }
  print("\(states) distinct states in all")
  return exitCode
}

switch Array(CommandLine.arguments.dropFirst()) {
case ["explore"]:
  exit(explore())
case ["--help"], ["-h"]:
  print(help)
default:
  let given = CommandLine.arguments.dropFirst().joined(separator: " ")
  let message = Array("ekko-sim: unknown command: '\(given)'. Try 'ekko-sim explore'.\n".utf8)
  // SAFETY: pointer and count are those of one array, alive during the call.
  _ = unsafe message.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
  exit(64)
}
