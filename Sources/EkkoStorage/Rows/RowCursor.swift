/// Looks at rows of a shard's tables one after the other. Neighbours mostly lie in one table, whose
/// handle is kept: fetching it from an array costs a reference count each time.
struct RowCursor {
  private let memories: [RowMemory]
  private var current: RowMemory
  private var table = 0

  /// - Precondition: there is a table.
  init(_ tables: [RowTable]) {
    self.memories = tables.map(\.memory)
    self.current = self.memories[0]
  }

  @inline(__always)
  mutating func stamp(table: Int, slot: Int) -> RowTable.Stamp {
    self.move(to: table)
    return self.current.stamp(at: slot)
  }

  /// Asks the processor for a row that will be looked at soon.
  @inline(__always)
  mutating func prefetch(table: Int, slot: Int) {
    self.move(to: table)
    self.current.prefetchRow(slot)
  }

  @inline(__always)
  private mutating func move(to table: Int) {
    guard table != self.table else { return }
    self.table = table
    self.current = self.memories[table]
  }
}
