/// Visits every state a scope can reach, breadth first, each once; never a sample.
package struct Explorer: Sendable {
  package struct Report: Hashable, Sendable {
    package var distinctStates = 0
    package var transitions = 0
    package var depth = 0
    package var failure: ExplorationFailure?
    /// The shortest way to the failure.
    package var path: [ExplorationStep] = []
  }

  private let scope: ExplorationScope

  package init(scope: ExplorationScope) { self.scope = scope }

  package func run() -> Report {
    var report = Report()
    let start = ExplorationState(scope: self.scope)
    var visited: Set<UInt64> = [start.fingerprint]
    var frontier: [(state: ExplorationState, path: Path?)] = [(start, nil)]
    while !frontier.isEmpty {
      var next: [(state: ExplorationState, path: Path?)] = []
      for (state, path) in frontier {
        let steps = state.possibleSteps
        for step in steps {
          report.transitions += 1
          let taken = Path(step: step, before: path)
          var successor = state
          do throws(ExplorationFailure) {
            try successor.take(step)
            if visited.insert(successor.fingerprint).inserted { next.append((successor, taken)) }
          } catch {
            return Self.fail(error, at: taken, report, visited: visited.count)
          }
        }
        if state.isExhausted {
          do throws(ExplorationFailure) {
            try state.checkConvergence()
          } catch {
            return Self.fail(error, at: path, report, visited: visited.count)
          }
        }
      }
      if !next.isEmpty { report.depth += 1 }
      frontier = next
    }
    report.distinctStates = visited.count
    return report
  }

  private static func fail(
    _ failure: ExplorationFailure, at path: Path?, _ report: Report, visited: Int
  ) -> Report {
    var report = report
    report.failure = failure
    report.distinctStates = visited
    report.path = path?.steps ?? []
    return report
  }

  /// The way to a state, sharing its beginning with other states' ways.
  private final class Path: Sendable {
    private let step: ExplorationStep
    private let before: Path?

    init(step: ExplorationStep, before: Path?) {
      self.step = step
      self.before = before
    }

    var steps: [ExplorationStep] { (self.before?.steps ?? []) + [self.step] }
  }
}

extension ExplorationState {
  /// No write and no pull is left, and none is under way: what follows must be convergence.
  var isExhausted: Bool {
    self.budget.writes == 0 && self.budget.pulls == 0 && self.exchanges.isEmpty
  }
}
