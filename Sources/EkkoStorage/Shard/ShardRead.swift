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

/// A request's reads, cut by shard: each shard gets a view, and copies none of the keys.
package final class ReadBatch: Sendable {
  package let reads: [RowReads]
  package let cut: BatchCut

  package init(_ reads: [RowReads], shardCount: UInt32) {
    self.reads = reads
    self.cut = BatchCut(
      reads.map { ShardCut($0.keys, of: $0.table, shardCount: shardCount) })
  }

  /// Reads whose keys are all of one shard.
  init(_ reads: [RowReads]) {
    self.reads = reads
    self.cut = BatchCut(reads.map { ShardCut($0.keys, of: $0.table) })
  }

  /// What the shard gets that is at `number` of the cut's shards.
  package subscript(number: Int) -> ShardRead { ShardRead(batch: self, number: number) }
}

/// The part of a request's reads that is one shard's.
package struct ShardRead: Sendable {
  package let batch: ReadBatch
  let number: Int

  @inline(__always)
  func range(of read: Int) -> Range<Int> {
    self.batch.cut.range(of: read, number: self.number)
  }
}
