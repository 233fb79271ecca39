import EkkoSimulation
import Testing

struct ScenarioTests {
  @Test(arguments: UInt64(0)..<4) func `a seed passes`(seed: UInt64) throws {
    let start = ContinuousClock.now
    let plan = ScenarioPlan(seed: seed)
    let report = Scenario.run(plan)
    print("SEED \(seed) \(plan.options)")
    print(
      "SEED \(seed) failure=\(String(describing: report.failure)) writes=\(report.writes) nodes=\(report.nodes) steps=\(report.steps) vs=\(report.virtualSeconds) strays=\(report.strayTasks) \(report.faults) \(report.coverage) \(start.duration(to: .now))"
    )
    #expect(report.failure == nil)
  }
}
