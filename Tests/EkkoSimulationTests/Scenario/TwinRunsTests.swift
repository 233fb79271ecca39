import EkkoCore
import Testing

@testable import EkkoSimulation

/// Runs that may differ only in what they cost.
@Suite(.timeLimit(.minutes(5))) struct TwinRunsTests {
  /// Four nodes and some operations, without faults.
  private static func omission(operations: Int) throws -> PlanOmission {
    try PlanOmission(parsing: "faults:0-99,operations:\(operations)-9999,nodes:4-99")
  }

  private static func plan(operations: Int) throws -> ScenarioPlan {
    ClusterPlan(
      whole: ScenarioPlan(seed: 7), without: try Self.omission(operations: operations)
    ).reduced
  }

  @Test func `every variation comes to the same rows`() throws {
    let reports = TwinRuns(of: try Self.plan(operations: 50), TwinRuns.Variation.others).run()

    #expect(reports.count == 5)
    #expect(reports.compactMap(\.failure) == [])
    #expect(Set(reports.map(\.traceHash)).count == 5)
  }

  @Test func `another row at one node is noticed`() throws {
    var plan = try Self.plan(operations: 20)
    plan.options.overlap = 1
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
    #expect(plan.operations[last].keys.contains { difference.hasSuffix(" key \($0)") })
    #expect(whole.difference(to: whole) == nil)
    #expect(whole.difference(to: OwnRows()) != nil)
  }

  @Test func `each variation has its turn among the seeds`() {
    let turns = (UInt64(0)..<256).compactMap { ClusterScenario.twins(of: $0) }

    #expect(turns == TwinRuns.Variation.others + TwinRuns.Variation.others)
  }

  @Test func `a seed with twins counts them`() throws {
    let scenario = ClusterScenario()
    let omission = try Self.omission(operations: 20)

    let outcome = scenario.run(scenario.plan(seed: 31).without(omission))

    #expect(outcome.failure == nil && outcome.twins == 2)
  }
}
