import EkkoSimulation
import Testing

/// Whole runs, as `ekko-sim run` makes thousands of.
struct ScenarioTests {
  @Test(arguments: [UInt64(9), 19]) func `a seed passes, and gives the same run again`(
    seed: UInt64
  ) {
    let plan = ScenarioPlan(seed: seed)
    let first = Scenario.run(plan)
    let second = Scenario.run(plan)

    #expect(first.failure == nil)
    #expect(first.strayTasks == 0)
    #expect(first.traceHash == second.traceHash)
    #expect(first.writes >= 300)
    #expect(first.effectiveFaults >= 4)
  }

  @Test func `plans are what the seed says, and large enough`() {
    let plans = (UInt64(0)..<200).map(ScenarioPlan.init(seed:))

    #expect(ScenarioPlan(seed: 7) == plans[7])
    for plan in plans {
      #expect(Set(plan.nodes.map(\.dataCentre)).count >= 3)
      #expect(plan.nodes.count >= 5)
      #expect(plan.options.shards >= 4)
      #expect(plan.faults.count >= 4)
    }
    #expect(plans.map(\.nodes.count).sorted()[100] >= 9)
  }
}
