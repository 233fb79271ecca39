/// Visits every state a scope can reach, breadth first, each once; never a sample.
package struct Explorer: Sendable {
  package struct Report: Hashable, Sendable {
    package var distinctStates = 0
    package var transitions = 0
    /// Steps from the start to the states furthest from it.
    package var depth = 0
    package var failure: ExplorationFailure?
    /// The shortest way to the failure.
    package var path: [ExplorationStep] = []
  }

  private let scope: ExplorationScope
  private let trap: ExplorationTrap?

  package init(scope: ExplorationScope, trap: ExplorationTrap? = nil) {
    self.scope = scope
    self.trap = trap
  }

  /// A state that is to be expanded, and the way to it: at each step the number of the step taken
  /// among those possible there.
  private struct Node: Sendable {
    let state: ExplorationState
    let path: [UInt8]
  }

  /// States from which each schedule was seen to converge.
  private struct Converging: Sendable {
    var oneByOne = FingerprintSet()
    var allAtOnce = FingerprintSet()
  }

  /// What one part of a level has led to.
  private struct Expansion: Sendable {
    var successors: [(fingerprint: UInt64, node: Node)] = []
    var transitions = 0
    var oneByOne: [UInt64] = []
    var allAtOnce: [UInt64] = []
    var failure: (failure: ExplorationFailure, path: [UInt8])?
  }

  private static let partSize = 2048

  /// - Parameter workers: how many parts of a level are expanded at the same time. What is found does
  ///   not depend on it, except which of several shortest ways is reported.
  package func run(workers: Int = 1) async -> Report {
    var report = Report()
    let start = ExplorationState(scope: self.scope, trap: self.trap)
    var visited = VisitedStates()
    var converging = Converging()
    _ = visited.insert(start.fingerprint, ExplorationBudget(start.budget))
    var level = [Node(state: start, path: [])]
    while !level.isEmpty {
      var next: [Node] = []
      while !level.isEmpty {
        // What is expanded is let go at once: a level may be all that memory holds.
        let parts = (0..<workers).map { _ in Self.takePart(of: &level) }
        for expansion in await Self.expand(parts, converging, visited) {
          report.transitions += expansion.transitions
          report.distinctStates = visited.count
          if let (failure, path) = expansion.failure {
            report.failure = failure
            report.path = self.steps(of: path)
            return report
          }
          converging.oneByOne.formUnion(expansion.oneByOne)
          converging.allAtOnce.formUnion(expansion.allAtOnce)
          for (fingerprint, node) in expansion.successors
          where visited.insert(fingerprint, ExplorationBudget(node.state.budget)) {
            next.append(node)
          }
        }
      }
      if !next.isEmpty { report.depth += 1 }
      level = next
    }
    report.distinctStates = visited.count
    return report
  }

  private static func takePart(of level: inout [Node]) -> [Node] {
    let part = Array(level.suffix(Self.partSize))
    level.removeLast(part.count)
    return part
  }

  private static func expand(
    _ parts: [[Node]], _ converging: Converging, _ visited: VisitedStates
  ) async -> [Expansion] {
    await withTaskGroup(of: (Int, Expansion).self) { group in
      for (number, part) in parts.enumerated() {
        group.addTask { (number, Self.expand(part, converging, visited)) }
      }
      var expansions: [(Int, Expansion)] = []
      for await expansion in group { expansions.append(expansion) }
      return expansions.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }

  private static func expand(
    _ nodes: [Node], _ converging: Converging, _ visited: VisitedStates
  ) -> Expansion {
    var expansion = Expansion()
    for node in nodes {
      for (number, step) in node.state.possibleSteps.enumerated() {
        expansion.transitions += 1
        var successor = node.state
        do throws(ExplorationFailure) {
          try successor.take(step)
        } catch {
          expansion.failure = (error, node.path + [UInt8(number)])
          return expansion
        }
        let fingerprint = successor.fingerprint
        if !visited.covers(fingerprint, ExplorationBudget(successor.budget)) {
          expansion.successors.append(
            (fingerprint, Node(state: successor, path: node.path + [UInt8(number)])))
        }
      }
      guard node.state.isSettled else { continue }
      do throws(ExplorationFailure) {
        expansion.oneByOne += try node.state.checkConvergence(
          .oneByOne, knowing: converging.oneByOne)
        expansion.allAtOnce += try node.state.checkConvergence(
          .allAtOnce, knowing: converging.allAtOnce)
      } catch {
        expansion.failure = (error, node.path)
        return expansion
      }
    }
    return expansion
  }

  private func steps(of path: [UInt8]) -> [ExplorationStep] {
    var state = ExplorationState(scope: self.scope, trap: self.trap)
    return path.map { number in
      let step = state.possibleSteps[Int(number)]
      // The last step is the one that fails.
      try? state.take(step)
      return step
    }
  }
}
