package import EkkoReplication

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
