/// Which rows a batch needs and where each of its features finds its own.
///
/// Made once per batch by the model and used for reading, scoring and gradients alike. Keys of one
/// look-up are distinct, so a row travels once however often it is used.
package struct BatchPlan: Sendable {
  /// The rows of one table.
  package struct Lookup: Sendable {
    package let table: String
    package let rowLength: Int
    package let keys: [UInt64]
    /// Row-major, `featureCount` per example: the index in `keys` of each feature. Empty where
    /// every example uses every row.
    package let places: [Int32]
    package let featureCount: Int
  }

  package let exampleCount: Int
  /// Row-major dense inputs.
  package let numbers: [Float]
  package let lookups: [Lookup]

  package var queries: [TableQuery] {
    self.lookups.map { TableQuery(table: $0.table, keys: $0.keys) }
  }

  /// Per example, when the embedding of its feature in `field` was created; `nil` where the
  /// replica that answered does not hold it. The first look-up is that of the fields.
  func creation(ofField field: Int, rows: [TableRows]) -> [UInt32?] {
    let lookup = self.lookups[0]
    return (0..<self.exampleCount).map { example in
      let place = Int(lookup.places[example * lookup.featureCount + field])
      return rows[0].found[place] ? rows[0].created[place] : nil
    }
  }

  /// Checks that `rows` answer `queries`, so that what follows needs no further checks.
  func check(_ rows: [TableRows]) throws(ModelError) {
    guard rows.count == self.lookups.count else {
      throw .wrongRows(table: self.lookups.first?.table ?? "")
    }
    for (lookup, answer) in zip(self.lookups, rows) {
      guard answer.table == lookup.table, answer.rowLength == lookup.rowLength,
        answer.rowCount == lookup.keys.count, answer.created.count == lookup.keys.count,
        answer.values.count == lookup.keys.count * lookup.rowLength
      else { throw .wrongRows(table: lookup.table) }
    }
  }
}

/// Why a model refuses to compute.
package enum ModelError: Error, Hashable, Sendable {
  /// The rows handed in are not those that were asked for: another model's tables.
  case wrongRows(table: String)
}
