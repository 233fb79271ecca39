import EkkoSimulation
import Testing

/// Failing plans become small, and stay failing in the same way.
struct ShrinkerTests {
  private static let culprits = FakePlan(
    seed: 5, faults: [2, 7], operations: [3, 120, 121, 399], nodes: [0, 4])

  private static func shrink(
    _ scenario: FakeScenario, runLimit: Int = 600, stepLimit: Int = 12_000_000
  ) -> Shrinker<FakeScenario>.Result {
    let outcome = scenario.run(scenario.plan(seed: 5))
    return Shrinker(scenario, runLimit: runLimit, stepLimit: stepLimit).shrink(outcome)
  }

  @Test func `a failing plan shrinks to what makes it fail`() {
    let scenario = FakeScenario(culprits: { _ in Self.culprits })

    let result = Self.shrink(scenario)

    let smallest = scenario.plan(seed: 5).without(result.omission)
    #expect(smallest == Self.culprits)
    #expect(result.outcome == scenario.run(smallest))
    #expect(result.runs < 200)
  }

  @Test func `what breaks another invariant is not taken`() {
    let scenario = FakeScenario(culprits: { _ in Self.culprits }, hasSecondMistake: true)

    let result = Self.shrink(scenario)

    #expect(result.outcome.failure?.invariant == "K1")
    #expect(scenario.plan(seed: 5).without(result.omission) == Self.culprits)
  }

  @Test func `with few runs it ends early, and what it has still fails`() {
    let scenario = FakeScenario(culprits: { _ in Self.culprits })

    let result = Self.shrink(scenario, runLimit: 40)

    let plan = scenario.plan(seed: 5).without(result.omission)
    #expect(result.runs == 40)
    #expect(plan.faults == [2, 7] && plan.operations.count < 400)
    #expect(scenario.run(plan) == result.outcome)
  }

  @Test func `without steps it leaves the plan whole`() {
    let result = Self.shrink(FakeScenario(culprits: { _ in Self.culprits }), stepLimit: 400)

    #expect(result.omission.isEmpty && result.runs == 1)
    #expect(result.outcome.failure?.step == 400)
  }

  @Test func `no run begins after the last step it may take`() {
    let scenario = FakeScenario(culprits: { _ in Self.culprits })

    let result = Self.shrink(scenario, stepLimit: 4001)
    let whole = Self.shrink(scenario)

    // Each of the first runs, of whole plans without some faults, takes 400.
    #expect(result.runs == 11 && result.steps == 4400)
    #expect(whole.steps > 4400 && whole.steps < 12_000_000)
  }

  @Test func `a run that does not repeat itself is not shrunk`() {
    let scenario = FakeScenario(culprits: { _ in Self.culprits })
    var outcome = scenario.run(scenario.plan(seed: 5))
    outcome.traceHash += 1

    let result = Shrinker(scenario).shrink(outcome)

    #expect(result.omission.isEmpty && result.runs == 1)
    #expect(
      result.outcome.failure?.detail == "row 7 (a second run of the seed ended differently)")
  }
}
