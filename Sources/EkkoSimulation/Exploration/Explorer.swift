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

  /// The states of one depth, each as the way to it: at each step the number of the step taken among
  /// those possible there. Ways are short and states are large, so a state is made again when its
  /// turn comes; neighbours share most of their way.
  private struct Level: Sendable {
    let depth: Int
    private(set) var count = 0
    private var ways: [UInt8] = []

    init(depth: Int) { self.depth = depth }

    subscript(index: Int) -> ArraySlice<UInt8> {
      self.ways[(index * self.depth)..<((index + 1) * self.depth)]
    }

    mutating func append(_ way: ArraySlice<UInt8>, then step: UInt8) {
      self.ways += way
      self.ways.append(step)
      self.count += 1
    }

    /// The level of the start, to which no step leads.
    static var start: Level {
      var level = Level(depth: 0)
      level.count = 1
      return level
    }
  }

  /// A step from a state of the level being expanded to one that may be new.
  private struct Successor: Sendable {
    let index: Int
    let step: UInt8
    let fingerprint: UInt64
    let budget: ExplorationBudget
  }

  /// States from which each schedule was seen to converge.
  private struct Converging: Sendable {
    var oneByOne = FingerprintSet()
    var allAtOnce = FingerprintSet()
  }

  /// What one part of a level has led to.
  private struct Expansion: Sendable {
    var successors: [Successor] = []
    var transitions = 0
    var oneByOne: [UInt64] = []
    var allAtOnce: [UInt64] = []
    var failure: (failure: ExplorationFailure, path: [UInt8])?
  }

  private static let partSize = 4096
  private static let statesPerTurn = 8

  /// - Parameter workers: how many parts of a level are expanded at the same time. What is found does
  ///   not depend on it, except which of several shortest ways is reported.
  package func run(workers: Int = 1) async -> Report {
    var report = Report()
    let start = ExplorationState(scope: self.scope, trap: self.trap)
    var visited = VisitedStates()
    var converging = Converging()
    _ = visited.insert(start.fingerprint, ExplorationBudget(start.budget))
    var level = Level.start
    while level.count > 0 {
      var next = Level(depth: level.depth + 1)
      for first in stride(from: 0, to: level.count, by: Self.partSize * workers) {
        let parts = (0..<workers).map { worker in
          let begin = min(first + worker * Self.partSize, level.count)
          return begin..<min(begin + Self.partSize, level.count)
        }
        for expansion in await Self.expand(parts, of: level, from: start, converging, visited) {
          report.transitions += expansion.transitions
          report.distinctStates = visited.count
          if let (failure, path) = expansion.failure {
            report.failure = failure
            report.path = self.steps(of: path)
            return report
          }
          converging.oneByOne.formUnion(expansion.oneByOne)
          converging.allAtOnce.formUnion(expansion.allAtOnce)
          for successor in expansion.successors
          where visited.insert(successor.fingerprint, successor.budget) {
            next.append(level[successor.index], then: successor.step)
          }
        }
      }
      if next.count > 0 { report.depth = next.depth }
      level = next
    }
    report.distinctStates = visited.count
    return report
  }

  private static func expand(
    _ parts: [Range<Int>], of level: Level, from start: ExplorationState,
    _ converging: Converging, _ visited: VisitedStates
  ) async -> [Expansion] {
    await withTaskGroup(of: (Int, Expansion).self) { group in
      for (number, part) in parts.enumerated() where !part.isEmpty {
        group.addTask {
          (number, await Self.expand(part, of: level, from: start, converging, visited))
        }
      }
      var expansions: [(Int, Expansion)] = []
      for await expansion in group { expansions.append(expansion) }
      return expansions.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }

  private static func expand(
    _ part: Range<Int>, of level: Level, from start: ExplorationState,
    _ converging: Converging, _ visited: VisitedStates
  ) async -> Expansion {
    var expansion = Expansion()
    var walk = StateWalk(from: start)
    for index in part {
      // Whoever shares the threads with a long search has a turn now and then.
      if index % Self.statesPerTurn == 0 { await Task.yield() }
      let way = level[index]
      let state = walk.state(at: way)
      for (number, step) in state.possibleSteps.enumerated() {
        expansion.transitions += 1
        var successor = state
        do throws(ExplorationFailure) {
          try successor.take(step)
        } catch {
          expansion.failure = (error, Array(way) + [UInt8(number)])
          return expansion
        }
        let fingerprint = successor.fingerprint
        let budget = ExplorationBudget(successor.budget)
        if !visited.covers(fingerprint, budget) {
          expansion.successors.append(
            Successor(
              index: index, step: UInt8(number), fingerprint: fingerprint, budget: budget))
        }
      }
      guard state.isSettled else { continue }
      do throws(ExplorationFailure) {
        expansion.oneByOne += try state.checkConvergence(.oneByOne, knowing: converging.oneByOne)
        expansion.allAtOnce += try state.checkConvergence(
          .allAtOnce, knowing: converging.allAtOnce)
      } catch {
        expansion.failure = (error, Array(way))
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

/// Makes states again from the ways to them, one after the other: what a way shares with the one
/// before it is not walked twice.
private struct StateWalk {
  private var way: ArraySlice<UInt8> = []
  /// The states along the way, the start first.
  private var states: [ExplorationState]

  init(from start: ExplorationState) { self.states = [start] }

  mutating func state(at way: ArraySlice<UInt8>) -> ExplorationState {
    let shared = zip(self.way, way).prefix { $0 == $1 }.count
    self.states.removeLast(self.states.count - 1 - shared)
    for number in way.dropFirst(shared) {
      var state = self.states[self.states.count - 1]
      state.retake(state.possibleSteps[Int(number)])
      self.states.append(state)
    }
    self.way = way
    return self.states[self.states.count - 1]
  }
}
