package import EkkoCore

/// What a write does to the rows it names (DESIGN §4).
package enum WriteKind: UInt8, Hashable, Sendable {
  /// Overwrites the weights; optimiser slots follow.
  case put = 1
  /// Applies a gradient with the table's optimiser.
  case push = 2
  case delete = 3
}

/// What is written to one table. Keys are distinct; lengths, types and finiteness were checked for the
/// whole request before any part reached a shard.
package final class RowWrites: KeyedPart {
  package let kind: WriteKind
  package let table: TableID
  package let keys: [UInt64]
  package let values: Values

  /// Row-major, a row for each key: weights or gradients of a numeric table, or the contents of a
  /// `bytes` table; `none` for a delete.
  package enum Values: Sendable {
    case none
    case numbers(PackedFloats)
    case contents([[UInt8]])

    package static func floats(_ values: [Float]) -> Values { .numbers(PackedFloats(values)) }
  }

  package init(kind: WriteKind, table: TableID, keys: [UInt64], values: Values) {
    self.kind = kind
    self.table = table
    self.keys = keys
    self.values = values
  }
}

package typealias WriteBatch = CutBatch<RowWrites>
package typealias ShardWrite = ShardPart<RowWrites>

extension ShardWrite {
  /// Puts the times that the shard has issued to the places of its keys, per write.
  ///
  /// - Precondition: there are as many times as keys; see `matches`.
  package func scatter(_ times: IssuedTimes, to target: inout [[Timestamp]]) {
    if self.batch.parts.count == 1 {
      let cut = self.batch.cuts[0]
      times.scatter(to: cut.places(self.range(of: 0)), of: &target[0])
      return
    }
    var rest = times.all[...]
    for write in self.batch.parts.indices {
      let cut = self.batch.cuts[write]
      let places = cut.places(self.range(of: write))
      for place in places.indices { target[write][Int(places[place])] = rest.removeFirst() }
    }
  }

  /// Whether these can be the times of its rows: a repeated request that is not the same as the first has
  /// not the same answer.
  package func matches(_ times: IssuedTimes) -> Bool { times.count == self.keyCount }
}

/// What a shard answers to a write.
package enum WriteOutcome: Hashable, Sendable {
  /// The versions issued, in the order of the writes and of their keys; time zero for a key the
  /// admission rule turned away.
  case applied(IssuedTimes)
  /// The request was applied before: its first answer.
  case repeated(IssuedTimes)
  /// The request is too old to tell whether it was applied.
  case outsideWindow
  /// This replica is replacing its rows or must not become an origin now; ask again later.
  case notReady
}
