internal import EkkoCore

/// Has the processor fetch what a request will begin with, while it works on something else.
///
/// Mutating, though nothing changes: a call of another method on what an actor holds copies all of it.
extension Shard {
  package mutating func announce(_ write: ShardWrite) {
    for (number, part) in write.batch.writes.enumerated() {
      self.announce(write.batch.cut.cuts[number], write.range(of: number), part.table)
    }
  }

  package mutating func announce(_ read: ShardRead) {
    for (number, part) in read.batch.reads.enumerated() {
      self.announce(read.batch.cut.cuts[number], read.range(of: number), part.table)
    }
  }

  private mutating func announce(_ cut: ShardCut, _ range: Range<Int>, _ table: TableID) {
    guard !range.isEmpty else { return }
    RowLookahead.announce(
      cut.hashes.span.extracting(range), to: self.tables[Int(table.rawValue)].memory)
  }
}
