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

  /// The sequence alone: of a row that has arrived anew since, nothing more is looked at.
  @inline(__always)
  mutating func sequence(table: Int, slot: Int) -> UInt64 {
    self.move(to: table)
    return self.current.sequence(at: slot)
  }

  /// Asks the processor for a row that will be looked at soon, if it lies in the same table.
  @inline(__always)
  func prefetch(table: Int, slot: Int) {
    if table == self.table { self.current.prefetchRow(slot) }
  }

  /// The same without the row's bytes.
  @inline(__always)
  func prefetchHead(table: Int, slot: Int) {
    if table == self.table { self.current.prefetchHead(slot) }
  }

  @inline(__always)
  private mutating func move(to table: Int) {
    guard table != self.table else { return }
    self.table = table
    self.current = self.memories[table]
  }
}
