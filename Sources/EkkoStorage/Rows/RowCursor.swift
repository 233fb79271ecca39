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
    if table != self.table {
      self.table = table
      self.current = self.memories[table]
    }
    return self.current.stamp(at: slot)
  }
}
