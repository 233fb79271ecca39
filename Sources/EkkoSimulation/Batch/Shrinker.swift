/// Makes a failing plan small: leaves out faults, then operations, then nodes, as long as the same
/// invariant breaks (delta debugging). What it ends with is a function of the seed: its limits count
/// what runs, not time.
package struct Shrinker<Scenario: BatchScenario>: Sendable {
  package struct Result: Sendable {
    package var omission = PlanOmission()
    /// Of the plan without what is left out.
    package var outcome: SeedOutcome
    /// How often the scenario ran.
    package var runs = 0
    /// Of all these runs.
    package var steps = 0
  }

  private let scenario: Scenario
  private let runLimit: Int
  private let stepLimit: Int

  /// - Parameters:
  ///   - runLimit: how often the scenario may run.
  ///   - stepLimit: after so many steps of the simulation no further run begins. A core takes some
  ///     300,000 in a second, so that the usual limit is reached within a minute.
  package init(_ scenario: Scenario, runLimit: Int = 600, stepLimit: Int = 12_000_000) {
    self.scenario = scenario
    self.runLimit = runLimit
    self.stepLimit = stepLimit
  }

  /// The smallest plan found that breaks the invariant that `outcome` of the seed's plan broke; the
  /// whole plan, and a detail that says so, if a second run of it does not end as the first did.
  package func shrink(_ outcome: SeedOutcome) -> Result {
    var attempts = Attempts(
      scenario: self.scenario, plan: self.scenario.plan(seed: outcome.seed),
      result: Result(outcome: outcome), runLimit: self.runLimit,
      stepLimit: self.stepLimit)
    guard attempts.repeats else {
      attempts.result.outcome.failure?.detail += " (a second run of the seed ended differently)"
      return attempts.result
    }
    var size: Int
    repeat {
      size = attempts.size
      for part in PlanPart.allCases { attempts.shrink(part) }
    } while attempts.size < size
    return attempts.result
  }

  private struct Attempts {
    let scenario: Scenario
    let plan: Scenario.Plan
    var result: Result
    let runLimit: Int
    let stepLimit: Int

    /// The items that are left.
    var size: Int { PlanPart.allCases.reduce(0) { $0 + self.left($1).count } }

    private func left(_ part: PlanPart) -> [Int] {
      let omitted = Set(self.result.omission[part])
      return self.plan.places(of: part).filter { !omitted.contains($0) }
    }

    var repeats: Bool {
      mutating get {
        self.run(self.plan) == self.result.outcome
      }
    }

    private mutating func run(_ plan: Scenario.Plan) -> SeedOutcome {
      let outcome = self.scenario.run(plan)
      self.result.runs += 1
      self.result.steps += outcome.steps
      return outcome
    }

    /// Leaves out halves, quarters and so on down to single items.
    mutating func shrink(_ part: PlanPart) {
      var left = self.left(part)
      var size = left.count
      while size > 0 {
        var start = 0
        while start < left.count {
          let end = min(start + size, left.count)
          if self.leaveOut(Array(left[start..<end]), of: part) {
            left.removeSubrange(start..<end)
          } else {
            start = end
          }
        }
        size = size == 1 ? 0 : (size + 1) / 2
      }
    }

    /// - Returns: whether the same invariant breaks without them as well.
    private mutating func leaveOut(_ places: [Int], of part: PlanPart) -> Bool {
      guard self.result.runs < self.runLimit, self.result.steps < self.stepLimit else {
        return false
      }
      var omission = self.result.omission
      omission[part] += places
      let outcome = self.run(self.plan.without(omission))
      guard let failure = outcome.failure,
        failure.invariant == self.result.outcome.failure?.invariant
      else { return false }
      self.result.omission = omission
      self.result.outcome = outcome
      return true
    }
  }
}
