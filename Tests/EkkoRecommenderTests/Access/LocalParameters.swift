import EkkoCore
import EkkoRecommender
import EkkoStorage
import Synchronization

/// A store of one process for tests: rows in dictionaries, with the initialisers and optimisers of
/// the real one.
final class LocalParameters: ParameterAccess {
  struct Row {
    var weights: [Float]
    var slots: [Float]
    var created: UInt32
    var updates: UInt32 = 0
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
          var row = table[key] ?? Self.newRow(schema, key: key, created: UInt32(state.pushes))
          Self.apply(schema.optimiser, Array(gradient), to: &row)
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

  private static func newRow(_ schema: TableSchema, key: UInt64, created: UInt32) -> Row {
    let weights = Self.initialWeights(schema, key: key)
    let slotCount = schema.optimiser.slotFloatCount(rowLength: schema.rowLength)
    var slots = [Float](repeating: 0, count: slotCount)
    var span = slots.mutableSpan
    schema.optimiser.initialiseSlots(&span, weights: weights.span)
    return Row(weights: weights, slots: slots, created: created)
  }

  private static func apply(_ optimiser: Optimiser, _ gradient: [Float], to row: inout Row) {
    row.updates += 1
    var weights = row.weights
    var slots = row.slots
    var weightSpan = weights.mutableSpan
    var slotSpan = slots.mutableSpan
    optimiser.apply(
      gradient: gradient.span, weights: &weightSpan, slots: &slotSpan, update: row.updates)
    row.weights = weights
    row.slots = slots
  }
}
