/// Where trainers and inference servers read parameters and where trainers push gradients.
///
/// The client of the store conforms to it, as does any replica that serves reads locally. One call
/// carries a whole mini-batch: one query or update per table (Ekko §3.1).
package protocol ParameterAccess: Sendable {
  /// The rows of every query, in the order of the queries and of their keys.
  func get(_ queries: [TableQuery]) async throws -> [TableRows]

  /// Adds gradients; the primaries apply each table's optimiser. Keys of one update are distinct.
  func push(_ updates: [TableGradients]) async throws
}

/// Rows wanted from one table.
package struct TableQuery: Hashable, Sendable {
  package var table: String
  package var keys: [UInt64]

  package init(table: String, keys: [UInt64]) {
    self.table = table
    self.keys = keys
  }
}

/// Rows read from one table, in the order of the query's keys.
///
/// `values` is row-major and always complete: the row of a key that the replica does not hold is
/// what the table's initialiser says, and `found` tells so.
package struct TableRows: Hashable, Sendable {
  package var table: String
  package var rowLength: Int
  package var values: [Float]
  /// Whether the replica that answered holds the row.
  package var found: [Bool]
  /// When the row was created, in seconds since 1970; zero where it was not found.
  package var created: [UInt32]

  package init(
    table: String, rowLength: Int, values: [Float], found: [Bool], created: [UInt32]
  ) {
    self.table = table
    self.rowLength = rowLength
    self.values = values
    self.found = found
    self.created = created
  }

  package var rowCount: Int { self.found.count }
}

/// Gradients for distinct rows of one table; `values` is row-major.
package struct TableGradients: Hashable, Sendable {
  package var table: String
  package var keys: [UInt64]
  package var values: [Float]

  package init(table: String, keys: [UInt64], values: [Float]) {
    self.table = table
    self.keys = keys
    self.values = values
  }
}
