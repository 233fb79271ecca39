import EkkoCore
import Testing

@testable import EkkoSimulation

/// A plan with parts left out is a plan in itself, and every other part stays what it was.
struct ClusterPlanTests {
  private static func omission(
    from plan: ClusterPlan, using generator: inout SplitMix64
  ) -> PlanOmission {
    var omission = PlanOmission()
    for part in PlanPart.allCases {
      let share = generator.nextUnit()
      omission[part] = plan.places(of: part).filter { _ in generator.chance(share) }
    }
    return omission
  }

  @Test func `nothing left out is the plan of the seed`() {
    let whole = ScenarioPlan(seed: 3)

    #expect(ClusterPlan(whole: whole).reduced == whole)
    #expect(ClusterPlan(whole: whole).places(of: .nodes) == Array(1..<whole.nodes.count))
  }

  @Test func `whoever is named in what is left is there`() {
    var generator = SplitMix64(seed: 1)
    for seed in UInt64(0)..<60 {
      let plan = ClusterScenario().plan(seed: seed)
      let reduced = plan.without(Self.omission(from: plan, using: &generator)).reduced
      let names = Set(reduced.nodes.map(\.name))

      #expect(reduced.options.leastFaults == 0 && reduced.options.leastWrites == 0)
      #expect(reduced.nodes[0].join.isEmpty)
      #expect(reduced.nodes.dropFirst().allSatisfy { !$0.join.isEmpty })
      #expect(reduced.nodes.allSatisfy { names.isSuperset(of: $0.join) })
      #expect(
        reduced.clients.allSatisfy {
          !$0.endpoints.isEmpty && names.isSuperset(of: $0.endpoints)
        })
      #expect(reduced.faults.flatMap(\.nodes).allSatisfy(reduced.nodes.indices.contains))
    }
  }

  @Test func `faults befall the same nodes under other places`() {
    for seed in UInt64(0)..<60 {
      let whole = ScenarioPlan(seed: seed)
      var omission = PlanOmission()
      omission[.nodes] = [1]
      let reduced = ClusterPlan(whole: whole, without: omission).reduced
      let names = whole.faults.map { $0.nodes.filter { $0 != 1 }.map { whole.nodes[$0].name } }
      let kept = whole.faults.indices.filter {
        !names[$0].isEmpty || whole.faults[$0].nodes.isEmpty
      }

      #expect(
        reduced.faults.map { $0.nodes.map { reduced.nodes[$0].name } } == kept.map { names[$0] })
      #expect(reduced.faults.map(\.kind) == kept.map { whole.faults[$0].kind })
      #expect(reduced.operations == whole.operations)
    }
  }

  @Test func `what is left is printed under its place in the whole plan`() throws {
    let whole = ScenarioPlan(seed: 3)
    let omission = try PlanOmission(parsing: "faults:0,operations:0-9,nodes:1")

    let lines = ClusterPlan(whole: whole, without: omission).lines

    #expect(lines.contains("fault 1: \(whole.faults[1])"))
    #expect(!lines.contains { $0.hasPrefix("fault 0:") || $0.hasPrefix("operation 9:") })
    #expect(lines.contains { $0.hasPrefix("operation 10: ") } && lines[2].hasPrefix("node 2: "))
  }

  @Test func `leaving out in steps is leaving out at once`() throws {
    let plan = ClusterScenario().plan(seed: 3)
    let first = try PlanOmission(parsing: "faults:0,nodes:2")
    let second = try PlanOmission(parsing: "faults:2,operations:5-9")
    let both = try PlanOmission(parsing: "faults:0,2,operations:5-9,nodes:2")

    #expect(plan.without(first).without(second).reduced == plan.without(both).reduced)
  }
}
