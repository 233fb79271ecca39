package import EkkoCore

/// What a write does to the rows it names (DESIGN §4).
package enum WriteKind: UInt8, Hashable, Sendable {
  /// Overwrites the weights; optimiser slots follow.
  case put = 1
  /// Applies a gradient with the table's optimiser.
  case push = 2
  case delete = 3
}

/// The part of a request that belongs to one table of one shard. Keys are distinct; lengths, types
/// and finiteness were checked for the whole request before any part reached a shard.
package struct ShardWrite: Sendable {
  package let kind: WriteKind
  package let table: TableID
  package let keys: [UInt64]
  package let values: Values

  /// Row-major, `keys.count` rows: weights or gradients of a numeric table, or the contents of a
  /// `bytes` table; `none` for a delete.
  package enum Values: Sendable {
    case none
    case floats([Float])
    case contents([[UInt8]])
  }

  package init(kind: WriteKind, table: TableID, keys: [UInt64], values: Values) {
    self.kind = kind
    self.table = table
    self.keys = keys
    self.values = values
  }
}

/// What a shard answers to a write.
package enum WriteOutcome: Hashable, Sendable {
  /// The versions issued, per write and key; time zero for a key the admission rule turned away.
  case applied([[Timestamp]])
  /// The request was applied before: its first answer.
  case repeated([[Timestamp]])
  /// The request is too old to tell whether it was applied.
  case outsideWindow
  /// This replica is replacing its rows or must not become an origin now; ask again later.
  case notReady
}
