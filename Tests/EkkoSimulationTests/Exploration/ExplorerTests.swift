import EkkoSimulation
import Testing

/// Every interleaving of a small cluster keeps the invariants and ends in equal replicas.
@Suite struct ExplorerTests {
  @Test(arguments: [
    ExplorationScope(replicas: 2, writes: 2, pulls: 2, losses: 1, prunings: 1),
    ExplorationScope(replicas: 2, writes: 2, pulls: 2, duplicates: 1),
    ExplorationScope(replicas: 2, writes: 2, pulls: 2, restarts: 1),
    ExplorationScope(replicas: 3, writes: 1, pulls: 2),
  ])
  func `no reachable state breaks an invariant`(scope: ExplorationScope) {
    let report = Explorer(scope: scope).run()

    #expect(report.failure == nil, "\(report.path.map(\.description))")
    #expect(report.distinctStates > 500)
  }
}
