import EkkoSimulation
import Testing

/// Every interleaving of a small cluster keeps the invariants and ends in equal replicas; and the
/// exploration would notice if it did not.
///
/// One search at a time: together they would keep every thread busy for as long as all of them take,
/// and the tests of nodes beside them wait for their timers.
@Suite(.serialized) struct ExplorerTests {
  @Test(arguments: [
    ExplorationScope(replicas: 2, operations: 3, pulls: 2, deletes: 1),
    ExplorationScope(
      replicas: 2, operations: 3, pulls: 2, losses: 1, duplicates: 1, restarts: 1,
      concurrentPulls: 1),
    ExplorationScope(replicas: 2, operations: 2, pulls: 2, restarts: 1, saves: 1, prunings: 1),
    ExplorationScope(replicas: 2, operations: 2, pulls: 2, losses: 1, delays: true),
    ExplorationScope(replicas: 2, operations: 1, pulls: 3, duplicates: 1, delays: true),
    ExplorationScope(replicas: 2, operations: 2, pulls: 2, prunings: 1),
    ExplorationScope(replicas: 3, operations: 2, pulls: 2, losses: 1, concurrentPulls: 1),
  ])
  func `no reachable state breaks an invariant`(scope: ExplorationScope) async {
    let report = await Explorer(scope: scope).run()

    #expect(report.failure == nil, "\(report.path.map(\.description))")
    #expect(report.distinctStates > 300)
    #expect(report.transitions > report.distinctStates)
  }

  @Test(arguments: ExplorationTrap.allCases)
  func `a planted mistake breaks the invariant that it should`(trap: ExplorationTrap) async {
    let report = await Explorer(scope: trap.scope, trap: trap).run()

    #expect(report.failure == trap.expected, "\(report.path.map(\.description))")
    #expect(!report.path.isEmpty)
  }

  @Test(arguments: Set(ExplorationTrap.allCases.map(\.scope)).filter { $0.replicas == 2 })
  func `without the mistake the same scope breaks nothing`(scope: ExplorationScope) async {
    let report = await Explorer(scope: scope).run()

    #expect(report.failure == nil, "\(report.path.map(\.description))")
  }

  @Test func `more workers find the same states`() async {
    let scope = ExplorationScope(replicas: 2, operations: 3, pulls: 2, losses: 1)

    let one = await Explorer(scope: scope).run(workers: 1)
    let three = await Explorer(scope: scope).run(workers: 3)

    #expect(one == three)
  }

  @Test func `without pulls every order of the writes is taken`() async {
    let scope = ExplorationScope(replicas: 2, operations: 2, pulls: 0)

    let report = await Explorer(scope: scope).run()

    // The first write is to key 0 at either replica; then each of two keys at each of two replicas.
    #expect(report.depth == 2)
    #expect(report.transitions == 2 + 2 * 4)
  }
}
