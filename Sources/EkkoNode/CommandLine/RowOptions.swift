package import EkkoReplication

/// The rows of one table that a verb is about.
package struct RowSelection: Hashable, Sendable {
  package var model: String
  package var table: String
  /// At least one, in the order given.
  package var keys: [UInt64]
  /// The texts the keys were made of, one per key; empty if they were given as numbers.
  package var texts: [String]

  package init(model: String, table: String, keys: [UInt64], texts: [String] = []) {
    precondition(texts.isEmpty || texts.count == keys.count, "a text per key, or none")
    self.model = model
    self.table = table
    self.keys = keys
    self.texts = texts
  }
}

/// `ekko-node get`: reads rows from the nearest replica.
package struct GetOptions: Hashable, Sendable {
  package var cluster: ClusterAccess
  package var rows: RowSelection
  package var json: Bool
}

/// `ekko-node put`: overwrites rows.
package struct PutOptions: Hashable, Sendable {
  package var cluster: ClusterAccess
  package var rows: RowSelection
  /// The elements of each key's row, in the order of the keys; finite, and one list per key.
  package var values: [[Float]]
  package var durability: Durability
  package var json: Bool
}

/// `ekko-node delete`: deletes rows.
package struct DeleteOptions: Hashable, Sendable {
  package var cluster: ClusterAccess
  package var rows: RowSelection
  package var durability: Durability
  package var json: Bool
}
