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
///
/// A view: the keys and values are those of the whole request, which no shard copies.
package struct ShardWrite: Sendable {
  package let kind: WriteKind
  package let table: TableID
  /// Of the request's part for this table.
  let keys: [UInt64]
  let values: Values
  /// Which of them are this shard's.
  let places: Places

  enum Places: Sendable {
    case all
    case some(of: [UInt32], Range<Int>)
  }

  /// Row-major, a row for each key: weights or gradients of a numeric table, or the contents of a
  /// `bytes` table; `none` for a delete.
  package enum Values: Sendable {
    case none
    case floats([Float])
    case contents([[UInt8]])
  }

  /// All of `keys`.
  package init(kind: WriteKind, table: TableID, keys: [UInt64], values: Values) {
    self.init(kind: kind, table: table, keys: keys, values: values, places: .all)
  }

  /// The keys at the places that are in `range` of `order`.
  package init(
    kind: WriteKind, table: TableID, keys: [UInt64], values: Values, order: [UInt32],
    range: Range<Int>
  ) {
    precondition(range.lowerBound >= 0 && range.upperBound <= order.count)
    self.init(
      kind: kind, table: table, keys: keys, values: values, places: .some(of: order, range))
  }

  private init(
    kind: WriteKind, table: TableID, keys: [UInt64], values: Values, places: Places
  ) {
    self.kind = kind
    self.table = table
    self.keys = keys
    self.values = values
    self.places = places
  }

  /// Hands out where its keys are in `keys`, in order.
  func withPlaces<Result>(_ body: (Span<UInt32>) -> Result) -> Result {
    switch self.places {
    case .all: body(Array(0..<UInt32(self.keys.count)).span)
    case .some(let order, let range): body(order.span.extracting(range))
    }
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
