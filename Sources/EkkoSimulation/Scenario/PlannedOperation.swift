internal import EkkoCore
package import EkkoReplication

/// One call of a client.
package struct PlannedOperation: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    case put
    case push
    case delete
    /// Reads what was written, in the client's session: what it sees never goes back.
    case read
  }

  /// When it is called, after the beginning of the safety phase.
  package let at: Duration
  package let client: Int
  package let kind: Kind
  package let table: ScenarioTable
  package let keys: [UInt64]
  /// Tells this write's values from every other's; below 2^24, so that a Float holds it.
  package let number: Int
  /// Who must hold it besides the primary.
  package let durability: Durability

  static func draw(
    _ options: ScenarioOptions, clients: Int, using generator: inout SplitMix64
  ) -> [PlannedOperation] {
    var operations = (0..<options.writes).map { number in
      PlannedOperation.drawWrite(
        options, client: generator.below(clients), number: number + 1, using: &generator)
    }
    for number in 0..<(options.writes / 10) {
      operations.append(
        PlannedOperation(
          at: Self.moment(options, using: &generator), client: generator.below(clients),
          kind: .read,
          table: .puts,
          keys: (0..<4).map { _ in Self.key(options, client: nil, using: &generator) },
          number: options.writes + number + 1, durability: .primary))
    }
    return operations.sorted { ($0.at, $0.number) < ($1.at, $1.number) }
  }

  private static func drawWrite(
    _ options: ScenarioOptions, client: Int, number: Int, using generator: inout SplitMix64
  ) -> PlannedOperation {
    let kind: Kind =
      generator.chance(options.deletes) ? .delete : generator.chance(0.2) ? .push : .put
    let table: ScenarioTable =
      kind == .push
      ? generator.chance(0.5) ? .pushes : .counts : generator.chance(0.1) ? .expiring : .puts
    var keys: [UInt64] = []
    for _ in 0..<(generator.chance(0.6) ? 1 : 2 + generator.below(3)) {
      let key = Self.key(options, client: client, using: &generator)
      if !keys.contains(key) { keys.append(key) }
    }
    return PlannedOperation(
      at: Self.moment(options, using: &generator), client: client, kind: kind, table: table,
      keys: keys,
      number: number,
      durability: Self.durability(options, using: &generator))
  }

  /// Waiting holds up the client, so few writes do.
  private static func durability(
    _ options: ScenarioOptions, using generator: inout SplitMix64
  ) -> Durability {
    guard generator.chance(0.006) else { return .primary }
    return options.trainingNodes > 1 && generator.chance(0.5) ? .replicas(1) : .dataCentres(1)
  }

  private static func moment(
    _ options: ScenarioOptions, using generator: inout SplitMix64
  ) -> Duration {
    let pulses = max(1, Int(options.span / options.pulse))
    return options.pulse * generator.below(pulses)
  }

  /// A client's own keys are written by it alone; hot ones by everyone, and most often.
  private static func key(
    _ options: ScenarioOptions, client: Int?, using generator: inout SplitMix64
  ) -> UInt64 {
    if generator.chance(0.3) { return UInt64(generator.below(options.hotKeys)) }
    let owner = client ?? generator.below(options.clients)
    return Self.firstOwnKey * UInt64(owner + 1) + UInt64(generator.below(options.ownKeys))
  }

  /// Hot keys are smaller; those of each client lie together.
  private static let firstOwnKey: UInt64 = 1000

  /// Whether one client alone writes `key`.
  static func isOwn(_ key: UInt64) -> Bool { key >= Self.firstOwnKey }
}
