package import EkkoCore

/// What is read from one table.
package struct RowReads: Hashable, Sendable {
  package var table: TableID
  package var keys: [UInt64]

  package init(table: TableID, keys: [UInt64]) {
    self.table = table
    self.keys = keys
  }
}

extension RowReads: KeyedPart {}

package typealias ReadBatch = CutBatch<RowReads>
package typealias ShardRead = ShardPart<RowReads>
