import EkkoCore
import Testing

@testable import EkkoSimulation

/// Runs that may differ only in what they cost.
@Suite(.timeLimit(.minutes(2))) struct TwinRunsTests {
  private static func plan(seed: UInt64, operations: Int) -> ScenarioPlan {
    var plan = ScenarioPlan(seed: seed)
    plan.operations = Array(plan.operations.prefix(operations))
    plan.faults = []
    return plan
  }

  @Test func `every variation comes to the same rows`() {
    let reports = TwinRuns(of: Self.plan(seed: 7, operations: 80), TwinRuns.Variation.others).run()

    #expect(reports.count == 5)
    #expect(reports.compactMap(\.failure) == [])
    #expect(Set(reports.map(\.traceHash)).count == 5)
  }

  @Test func `another row at one node is noticed`() throws {
    let plan = Self.plan(seed: 7, operations: 40)
    var shorter = plan
    let last = try #require(
      plan.operations.lastIndex {
        $0.kind == .put && $0.table == .puts && PlannedOperation.isOwn($0.keys[0])
      })
    shorter.operations.remove(at: last)
    let (whole, other) = (OwnRows(), OwnRows())

    #expect(Scenario.run(plan, atEnd: whole.take).failure == nil)
    #expect(Scenario.run(shorter, atEnd: other.take).failure == nil)

    let difference = try #require(whole.difference(to: other))
    #expect(difference.contains("key \(plan.operations[last].keys[0])"))
    #expect(whole.difference(to: whole) == nil)
    #expect(whole.difference(to: OwnRows()) != nil)
  }

  @Test func `each variation has its turn among the seeds`() {
    let turns = (UInt64(0)..<256).compactMap { ClusterScenario.twins(of: $0) }

    #expect(turns == TwinRuns.Variation.others + TwinRuns.Variation.others)
  }

  @Test func `a seed with twins counts them`() throws {
    let scenario = ClusterScenario()
    let omission = try PlanOmission(parsing: "faults:0-99,operations:20-9999")

    let outcome = scenario.run(scenario.plan(seed: 31).without(omission))

    #expect(outcome.failure == nil && outcome.twins == 2)
  }
}
