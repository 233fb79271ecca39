import EkkoSimulation

let scopes = [
  ExplorationScope(replicas: 2, writes: 3, pulls: 2, losses: 1, prunings: 1),
  ExplorationScope(replicas: 2, writes: 2, pulls: 3, duplicates: 1),
  ExplorationScope(replicas: 2, writes: 2, pulls: 3, restarts: 1),
  ExplorationScope(replicas: 3, writes: 2, pulls: 2, losses: 1),
]
var hasFailed = false
for scope in scopes {
  let report = Explorer(scope: scope).run()
  print("\(scope): \(report.distinctStates) states, depth \(report.depth)")
  if let failure = report.failure {
    hasFailed = true
    print("  \(failure.rawValue) broken:", report.path.map(\.description).joined(separator: "; "))
  }
}
