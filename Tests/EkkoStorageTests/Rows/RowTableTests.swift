import EkkoCore
import Testing

@testable import EkkoStorage

/// Tables of many rows: growth piece by piece, copies that share memory, deletes.
@Suite struct RowTableTests {
  private static let schema = TableSchema(name: "rows", rowLength: 4)

  private static func makeTable(_ keys: Range<UInt64>) -> RowTable {
    var table = RowTable(id: TableID(rawValue: 0), schema: Self.schema, formClass: .full)
    Self.insert(keys, into: &table)
    return table
  }

  private static func insert(_ keys: Range<UInt64>, into table: inout RowTable) {
    table.makeExclusive()
    for key in keys {
      let slot = table.insert(key)
      Self.write(key, at: slot, of: &table)
    }
  }

  /// A row that tells its key and `version`.
  private static func write(
    _ key: UInt64, version: UInt64 = 1, at slot: Int, of table: inout RowTable
  ) {
    table.setStamp(
      RowTable.Stamp(
        timestamp: Timestamp(rawValue: version << 40 | key), origin: 3, isTombstone: false,
        sequence: version << 40 | key + 1), at: slot)
    var bytes = table.mutableBytes(at: slot)
    for offset in stride(from: 0, to: bytes.byteCount, by: 4) {
      bytes.storeBytes(
        of: UInt32(truncatingIfNeeded: key &* 31 &+ version), toByteOffset: offset, as: UInt32.self)
    }
  }

  private static func expect(
    _ key: UInt64, version: UInt64 = 1, in table: RowTable,
    at location: SourceLocation = #_sourceLocation
  ) throws {
    let slot = try #require(table.slot(of: key), sourceLocation: location)
    let stamp = table.stamp(at: slot)
    let bytes = table.bytes(at: slot)
    let first = bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt32.self)
    let last = bytes.unsafeLoadUnaligned(fromByteOffset: bytes.byteCount - 4, as: UInt32.self)
    let expected = UInt32(truncatingIfNeeded: key &* 31 &+ version)
    let isRight =
      table.key(at: slot) == key && first == expected && last == expected
      && stamp.timestamp == Timestamp(rawValue: version << 40 | key) && stamp.origin == 3
      && !stamp.isTombstone && stamp.sequence == version << 40 | key + 1
    #expect(isRight, "key \(key)", sourceLocation: location)
  }

  /// Several chunks, and more keys than one segment of the index takes.
  @Test func `a table of many rows finds each, and none besides`() throws {
    let table = Self.makeTable(0..<200_000)
    for key in UInt64(0)..<200_000 { try Self.expect(key, in: table) }
    for key in UInt64(200_000)..<300_000 { #expect(table.slot(of: key) == nil) }
    #expect(table.occupiedCount == 200_000 && table.slotCount == 200_000)
  }

  @Test func `a copy keeps what it had whatever becomes of the other`() throws {
    var table = Self.makeTable(0..<50_000)
    let before = table
    table.makeExclusive()
    for key in stride(from: UInt64(0), to: 50_000, by: 7) {
      let slot = try #require(table.slot(of: key))
      Self.write(key, version: 2, at: slot, of: &table)
    }
    for key in UInt64(10_001)..<10_101 {
      let slot = try #require(table.slot(of: key))
      table.remove(slot)
      table.recycle(slot)
    }
    Self.insert(50_000..<90_000, into: &table)

    for key in UInt64(0)..<50_000 { try Self.expect(key, in: before) }
    #expect(before.slot(of: 50_000) == nil && before.occupiedCount == 50_000)
    for key in UInt64(0)..<90_000 where !(10_001..<10_101).contains(key) {
      try Self.expect(key, version: key < 50_000 && key % 7 == 0 ? 2 : 1, in: table)
    }
    #expect(table.slot(of: 10_050) == nil && table.occupiedCount == 89_900)
  }

  /// The copy is the one that changes, and the first table stays; then both do.
  @Test func `two copies change apart from each other`() throws {
    var first = Self.makeTable(0..<5000)
    var second = first
    second.makeExclusive()
    Self.write(17, version: 2, at: try #require(second.slot(of: 17)), of: &second)
    first.makeExclusive()
    Self.write(17, version: 3, at: try #require(first.slot(of: 17)), of: &first)
    Self.insert(5000..<6000, into: &first)
    Self.insert(6000..<7000, into: &second)

    try Self.expect(17, version: 3, in: first)
    try Self.expect(17, version: 2, in: second)
    try Self.expect(5500, in: first)
    try Self.expect(6500, in: second)
    #expect(first.slot(of: 6500) == nil && second.slot(of: 5500) == nil)
  }

  @Test func `rows that are removed are not found, and those that probe past them are`() throws {
    var table = Self.makeTable(0..<30_000)
    for key in stride(from: UInt64(0), to: 30_000, by: 2) {
      let slot = try #require(table.slot(of: key))
      table.remove(slot)
      table.recycle(slot)
    }
    for key in UInt64(0)..<30_000 {
      if key % 2 == 0 {
        #expect(table.slot(of: key) == nil)
      } else {
        try Self.expect(key, in: table)
      }
    }
    // Their slots are used again.
    Self.insert(100_000..<115_000, into: &table)
    #expect(table.slotCount == 30_000)
    for key in UInt64(100_000)..<115_000 { try Self.expect(key, in: table) }
  }

  /// The same number of rows each, of other keys.
  @Test func `tables that fill alike do not grow their indices in the same moment`() {
    var moments: Set<Int> = []
    for number in UInt64(0)..<16 {
      var table = Self.makeTable((number * 100_000)..<(number * 100_000 + 12_000))
      let revision = table.memory.indexRevision
      while table.memory.indexRevision == revision {
        Self.insert(
          UInt64(2_000_000 + table.slotCount)..<UInt64(2_000_001 + table.slotCount), into: &table)
      }
      moments.insert(table.slotCount)
    }
    #expect(moments.count > 4)
  }

  @Test func `a lookahead names each key's slot, or none, though the loop adds rows`() {
    var table = Self.makeTable(0..<1000)
    let keys = (0..<500).map { UInt64($0 * 31) }
    let hashes = keys.map { table.memory.hash(of: $0) }
    var wasFound: [Bool] = []
    RowLookahead.run(in: table.memory, hashes.span) { ahead in
      var place = 0
      while place < keys.count {
        let end = ahead.advance(to: place)
        for number in place..<end {
          let near = ahead.slot(at: number)
          #expect(table.memory.slot(of: keys[number], near: near) == table.slot(of: keys[number]))
          wasFound.append(near >= 0)
        }
        // The index grows, and what was found in it lies elsewhere.
        Self.insert(UInt64(100_000 + 200 * place)..<UInt64(100_000 + 200 * end), into: &table)
        place = end
      }
    }
    #expect(table.memory.indexRevision > 10)
    // What is missed by the lookahead is found without it: that must stay rare.
    #expect(zip(keys, wasFound).allSatisfy { $0 < 1000 || !$1 })
    #expect(zip(keys, wasFound).count { $0 < 1000 && $1 } >= 30)
  }
}
