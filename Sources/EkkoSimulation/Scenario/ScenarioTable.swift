internal import EkkoCore
internal import EkkoReplication
internal import EkkoStorage

/// The tables of the scenario's model.
package enum ScenarioTable: UInt16, Hashable, Sendable, CaseIterable {
  /// Rows tell which write put them.
  case puts = 0
  /// Gradients, with an optimiser's slots: full rows hold more than those that are served.
  case pushes = 1
  /// Rows that expire while the run lasts.
  case expiring = 2
  /// Rows that count their pushes and add up the pushes' numbers: what is lost or applied twice shows.
  case counts = 3

  static let modelName = "model"
  /// The first one that a cluster gives.
  static let modelID = ModelID(rawValue: 1)

  var name: String { "\(self)" }

  static let rowLength = 4
  /// Of the rows that expire.
  static let timeToLive = Duration.seconds(3)

  /// Every write puts other rows there.
  static let distinct: Set<UInt16> = [Self.puts.rawValue, Self.expiring.rawValue]

  var schema: TableSchema {
    switch self {
    case .puts: TableSchema(name: self.name, rowLength: Self.rowLength)
    case .pushes:
      TableSchema(
        name: self.name, rowLength: Self.rowLength, optimiser: .adagrad(learningRate: 0.1),
        initialiser: .uniform(low: -0.1, high: 0.1), servingForm: .narrow(.float16))
    case .expiring:
      TableSchema(
        name: self.name, rowLength: Self.rowLength,
        timeToLiveSeconds: UInt32(Self.timeToLive.components.seconds))
    case .counts:
      TableSchema(
        name: self.name, rowLength: Self.rowLength, optimiser: .sgd(learningRate: 1))
    }
  }

  static func draft(shards: Int) -> ModelDraft {
    ModelDraft(
      name: Self.modelName, application: "", shardCount: UInt32(shards),
      tables: Self.allCases.map(\.schema))
  }

  /// Where a row of this table lives in a model of so many shards.
  func shard(of key: UInt64, count: Int) -> ShardID {
    let parameter = ParameterKey(table: TableID(rawValue: self.rawValue), key: key)
    return ShardID(
      model: Self.modelID,
      index: ShardFunction.shardIndex(of: parameter, shardCount: UInt32(count)))
  }

  /// The row that write `number` puts under `key`: each element follows from both, so that a torn or
  /// mixed row shows itself.
  static func values(number: Int, key: UInt64) -> [Float] {
    let word = Float(number)
    return [word, Float(key), Float((number &* 31 &+ Int(key) &* 17) & 0xFFFF), -word]
  }

  /// What push `number` of `key` adds to a row of this table, as a gradient.
  func gradient(number: Int, key: UInt64) -> [Float] {
    guard self == .counts else {
      return (0..<Self.rowLength).map { Float($0 + 1) / Float(number + Int(key)) }
    }
    return [-1, -Float(number)] + Array(repeating: 0, count: Self.rowLength - 2)
  }

  /// The write that put `row` under `key`; `nil` if none did.
  static func number(of row: ArraySlice<Float>, key: UInt64) -> Int? {
    guard row.count == Self.rowLength, let first = row.first, let number = Int(exactly: first),
      number > 0
    else { return nil }
    return Array(row) == Self.values(number: number, key: key) ? number : nil
  }
}
