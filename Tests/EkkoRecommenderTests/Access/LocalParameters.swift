import EkkoCore
import EkkoRecommender
import EkkoStorage
import Synchronization

/// A store of one process for tests: rows in dictionaries, the tables' own initialisers, and the
/// optimisers written out once more as their papers have them.
final class LocalParameters: ParameterAccess {
  struct Row {
    var weights: [Float]
    var slots: [Float]
    var created: UInt32
  }

  struct Missing: Error {
    let table: String
  }

  private struct State {
    var rows: [String: [UInt64: Row]] = [:]
    var gets = 0
    var pushes = 0
  }

  private let schemas: [String: TableSchema]
  private let state = Mutex(State())

  init(_ tables: [TableSchema]) {
    self.schemas = Dictionary(uniqueKeysWithValues: tables.map { ($0.name, $0) })
  }

  /// Calls of `get` and `push` so far.
  var calls: (gets: Int, pushes: Int) { self.state.withLock { ($0.gets, $0.pushes) } }

  func rowCount(of table: String) -> Int { self.state.withLock { $0.rows[table]?.count ?? 0 } }

  func get(_ queries: [TableQuery]) async throws -> [TableRows] {
    try self.state.withLock { state in
      state.gets += 1
      return try queries.map { query in
        guard let schema = self.schemas[query.table] else { throw Missing(table: query.table) }
        var answer = TableRows(
          table: query.table, rowLength: schema.rowLength, values: [], found: [], created: [])
        answer.values.reserveCapacity(query.keys.count * schema.rowLength)
        for key in query.keys {
          let row = state.rows[query.table]?[key]
          answer.values += row?.weights ?? Self.initialWeights(schema, key: key)
          answer.found.append(row != nil)
          answer.created.append(row?.created ?? 0)
        }
        return answer
      }
    }
  }

  func push(_ updates: [TableGradients]) async throws {
    try self.state.withLock { state in
      state.pushes += 1
      for update in updates {
        guard let schema = self.schemas[update.table] else { throw Missing(table: update.table) }
        var table = state.rows.removeValue(forKey: update.table) ?? [:]
        for (index, key) in update.keys.enumerated() {
          let start = index * schema.rowLength
          let gradient = update.values[start..<(start + schema.rowLength)]
          var row =
            table[key]
            ?? Row(
              weights: Self.initialWeights(schema, key: key), slots: Self.initialSlots(schema),
              created: UInt32(state.pushes))
          Self.apply(schema.optimiser, gradient, to: &row)
          table[key] = row
        }
        state.rows[update.table] = table
      }
    }
  }

  private static func initialWeights(_ schema: TableSchema, key: UInt64) -> [Float] {
    var weights = [Float](repeating: 0, count: schema.rowLength)
    var span = weights.mutableSpan
    schema.fillInitialWeights(&span, key: key)
    return weights
  }

  private static func initialSlots(_ schema: TableSchema) -> [Float] {
    switch schema.optimiser {
    case .none, .sgd, .adam: []
    case .adagrad(_, let initial, _): [Float](repeating: initial, count: schema.rowLength)
    case .rowWiseAdagrad(_, let initial, _): [initial]
    case .ftrl: [Float](repeating: 0, count: 2 * schema.rowLength)
    }
  }

  private static func apply(
    _ optimiser: Optimiser, _ gradient: ArraySlice<Float>, to row: inout Row
  ) {
    let first = gradient.startIndex
    let length = row.weights.count
    switch optimiser {
    case .none, .adam:
      preconditionFailure("no model here uses this optimiser")
    case .sgd(let rate):
      for index in 0..<length { row.weights[index] -= rate * gradient[first + index] }
    case .adagrad(let rate, _, let epsilon):
      for index in 0..<length {
        let value = gradient[first + index]
        row.slots[index] += value * value
        row.weights[index] -= rate * value / (row.slots[index].squareRoot() + epsilon)
      }
    case .rowWiseAdagrad(let rate, _, let epsilon):
      row.slots[0] += gradient.reduce(0) { $0 + $1 * $1 } / Float(length)
      let step = rate / (row.slots[0].squareRoot() + epsilon)
      for index in 0..<length { row.weights[index] -= step * gradient[first + index] }
    case .ftrl(let alpha, let beta, let l1, let l2):
      for index in 0..<length {
        let value = gradient[first + index]
        let old = row.slots[length + index]
        let new = old + value * value
        let sigma = (new.squareRoot() - old.squareRoot()) / alpha
        row.slots[index] += value - sigma * row.weights[index]
        row.slots[length + index] = new
        let z = row.slots[index]
        let shrunk = abs(z) <= l1 ? 0 : z - (z < 0 ? -l1 : l1)
        row.weights[index] = -shrunk / ((beta + new.squareRoot()) / alpha + l2)
      }
    }
  }
}
