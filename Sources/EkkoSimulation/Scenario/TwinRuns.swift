internal import EkkoCore
internal import EkkoReplication
internal import EkkoStorage

/// Runs of one plan that may differ only in what they cost: as usual, then with one means of
/// synchronisation after the other switched off or turned to its extreme. All must come to the same
/// rows.
///
/// There are no faults in them, only the first operations of the plan, and each client does one thing at
/// a time, so that what it alone has written does not depend on time; only that is compared: bit by bit,
/// at every node.
package struct TwinRuns {
  package enum Variation: String, CaseIterable, Hashable, Sendable {
    case usual = "as usual"
    case noUpdateCache = "without update cache"
    case noShardVersions = "without shard versions"
    case rowByRow = "one row at a time"
    case wholeAnswers = "whole answers at a time"

    /// Those that differ from `usual`.
    package static let others = Array(Self.allCases.dropFirst())

    var methods: SynchronisationMethods {
      var methods = SynchronisationMethods.simulated
      switch self {
      case .usual: break
      case .noUpdateCache: methods.usesUpdateCache = false
      case .noShardVersions: methods.usesShardVersions = false
      case .rowByRow: methods.answerByteLimit = 1
      case .wholeAnswers: methods.answerByteLimit = SynchronisationMethods.largestAnswerByteCount
      }
      return methods
    }
  }

  private let plan: ScenarioPlan
  private let variations: [Variation]
  private let writes: Int

  /// One at a time is slow in virtual time, and so in a batch's.
  private static let operationLimit = 240

  /// - Parameter variations: which to compare with a run as usual.
  package init(of plan: ScenarioPlan, _ variations: [Variation]) {
    var plan = plan
    plan.faults = []
    plan.operations = Array(plan.operations.prefix(Self.operationLimit))
    plan.options.overlap = 1
    plan.options.leastFaults = 0
    plan.options.leastWrites = 0
    plan.options.takesBack = false
    self.variations = variations
    self.plan = plan
    self.writes = plan.operations.count { $0.kind != .read } + Course.undisturbedWrites
  }

  /// The reports of the runs up to the first that fails: in itself, or by its rows.
  package func run() -> [SeedReport] {
    var reports: [SeedReport] = []
    var usual: OwnRows?
    for variation in [.usual] + self.variations {
      var (report, rows) = self.run(variation)
      if report.failure == nil, let difference = rows.difference(to: usual ?? rows) {
        report.fail(Violation(.twin, "\(variation.rawValue): \(difference)"))
      }
      reports.append(report)
      guard report.failure == nil else { break }
      usual = usual ?? rows
    }
    return reports
  }

  private func run(_ variation: Variation) -> (SeedReport, OwnRows) {
    var plan = self.plan
    plan.options.methods = variation.methods
    let rows = OwnRows()
    var report = Scenario.run(plan, atEnd: rows.take)
    // Who was not told what came of a write cannot say what the rows should be.
    if report.failure == nil, report.writes < self.writes {
      report.fail(
        Violation(
          .twin, "\(variation.rawValue): \(report.writes) of \(self.writes) writes acknowledged"))
    }
    return (report, rows)
  }
}

extension SeedReport {
  fileprivate mutating func fail(_ violation: Violation) {
    self.failure = Failure(
      invariant: violation.invariant, detail: violation.detail, step: self.steps,
      virtualSeconds: self.virtualSeconds)
  }
}

/// The weights of the rows that one client alone has written, at every node.
// SAFETY (Sendable): touched on the simulation's thread only, see `Simulation`.
final class OwnRows: @unchecked Sendable {
  private struct Place: Hashable, Comparable {
    let node: String
    let shard: ShardID
    let table: Int
    let key: UInt64

    static func < (left: Place, right: Place) -> Bool {
      (left.node, left.shard, left.table, left.key)
        < (right.node, right.shard, right.table, right.key)
    }
  }

  private var weights: [Place: [UInt8]] = [:]

  /// When a row expires is a matter of time, so those are left out.
  private static let tables = [ScenarioTable.puts, .pushes, .counts].map { Int($0.rawValue) }

  @Sendable func take(from world: World) {
    for node in world.nodes {
      for actor in node.replica?.shards.all ?? [] where actor.id != .catalogue {
        // Between two jobs nobody else is on this actor.
        let shard = actor.assumeIsolated { $0.shard }
        for table in Self.tables {
          self.take(shard.tables[table], table, of: actor.id, at: node.name)
        }
      }
    }
  }

  private func take(_ rows: RowTable, _ table: Int, of shard: ShardID, at node: String) {
    for slot in 0..<rows.slotCount where rows.sequence(at: slot) != 0 {
      let key = rows.key(at: slot)
      guard PlannedOperation.isOwn(key), !rows.stamp(at: slot).isTombstone else { continue }
      let bytes = rows.bytes(at: slot).extracting(rows.layout.weightsRange)
      // SAFETY: every place below `byteCount` lies within the span.
      self.weights[Place(node: node, shard: shard, table: table, key: key)] =
        (0..<bytes.byteCount).map { unsafe bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
    }
  }

  /// The first row that `other` has otherwise.
  func difference(to other: OwnRows) -> String? {
    let places = Set(self.weights.keys).union(other.weights.keys)
    let differing = places.filter { self.weights[$0] != other.weights[$0] }
    guard let first = differing.min() else { return nil }
    return "\(differing.count) rows differ, the first at \(first.node), \(first.shard.text) "
      + "table \(first.table) key \(first.key)"
  }
}
