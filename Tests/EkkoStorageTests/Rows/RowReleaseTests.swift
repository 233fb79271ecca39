import EkkoCore
import Foundation
import Testing

@testable import EkkoStorage

/// Memory is given back after rows have gone, and what is left of it is used again.
@Suite struct RowReleaseTests {
  /// A copy of a table is compared with the rows it should hold.
  private struct Model {
    var table: RowTable
    var versions: [UInt64: UInt64] = [:]
    var sequence: UInt64 = 0

    init(rowLength: Int = 100) {
      let schema = TableSchema(name: "rows", rowLength: rowLength)
      self.table = RowTable(id: TableID(rawValue: 0), schema: schema, formClass: .full)
    }

    mutating func insert(_ key: UInt64) {
      let slot = self.table.insert(key)
      self.sequence += 1
      self.table.setStamp(
        RowTable.Stamp(
          timestamp: Timestamp(rawValue: self.sequence), origin: 0, isTombstone: false,
          sequence: self.sequence), at: slot)
      var bytes = self.table.mutableBytes(at: slot)
      bytes.storeBytes(of: key ^ self.sequence, toByteOffset: 0, as: UInt64.self)
      bytes.storeBytes(
        of: key ^ self.sequence, toByteOffset: bytes.byteCount - 8, as: UInt64.self)
      self.versions[key] = self.sequence
    }

    mutating func remove(_ key: UInt64) throws {
      let slot = try #require(self.table.slot(of: key))
      self.table.remove(slot)
      self.table.recycle(slot)
      self.versions[key] = nil
    }

    func check(at location: SourceLocation = #_sourceLocation) {
      #expect(self.table.occupiedCount == self.versions.count, sourceLocation: location)
      var found: [UInt64: UInt64] = [:]
      for slot in 0..<self.table.slotCount where self.table.sequence(at: slot) != 0 {
        found[self.table.key(at: slot)] = self.table.sequence(at: slot)
      }
      #expect(found == self.versions, sourceLocation: location)
      let isRight = self.versions.allSatisfy {
        Self.isRight(self.table, $0, version: $1)
      }
      #expect(isRight, sourceLocation: location)
    }

    private static func isRight(_ table: RowTable, _ key: UInt64, version: UInt64) -> Bool {
      guard let slot = table.slot(of: key) else { return false }
      let bytes = table.bytes(at: slot)
      let first = bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self)
      let last = bytes.unsafeLoadUnaligned(fromByteOffset: bytes.byteCount - 8, as: UInt64.self)
      let isLatest = table.sequence(at: slot) == version
      return isLatest && first == key ^ version && last == first
    }
  }

  @Test func `a table that has lost nearly all its rows has given back nearly all its memory`()
    throws
  {
    var model = Model()
    model.table.makeExclusive()
    for key in UInt64(0)..<40_000 { model.insert(key) }
    let full = model.table.memory.byteCount
    for key in UInt64(0)..<40_000 where key != 20_000 { try model.remove(key) }
    model.table.releaseEmptied()

    // One chunk, and the index of one row.
    #expect(full > 40_000 * 400)
    #expect(model.table.memory.byteCount < 400 << 10)
    model.check()

    // The slots are used again, with or without memory, and so is the part of the last chunk.
    for key in UInt64(100_000)..<139_999 { model.insert(key) }
    #expect(model.table.slotCount == 40_000)
    model.check()
    for key in UInt64(200_000)..<201_000 { model.insert(key) }
    model.check()
    #expect(model.table.memory.byteCount < full * 11 / 10)
  }

  /// What is left of the rows lies in the chunks at the front after a while.
  @Test func `free slots at the front are used first`() throws {
    var model = Model()
    for key in UInt64(0)..<20_000 { model.insert(key) }
    for key in UInt64(0)..<10_000 { try model.remove(key * 2) }
    for key in UInt64(100_000)..<105_000 { model.insert(key) }
    let slots = try (UInt64(100_000)..<105_000).map { try #require(model.table.slot(of: $0)) }
    #expect(slots == (0..<5000).map { $0 * 2 })
  }

  @Test func `a copy keeps the rows whose memory the other gives back`() throws {
    var model = Model()
    for key in UInt64(0)..<5000 { model.insert(key) }
    let before = model
    model.table.makeExclusive()
    for key in UInt64(0)..<5000 { try model.remove(key) }
    var between = model
    model.table.releaseEmptied()
    between.table.makeExclusive()
    for key in UInt64(20_000)..<23_000 { between.insert(key) }
    var after = model
    after.table.makeExclusive()
    for key in UInt64(10_000)..<12_000 { after.insert(key) }

    before.check()
    between.check()
    model.check()
    after.check()
    #expect(model.table.memory.byteCount < 1 << 10)
  }

  /// Rows of a chunk of two, of many chunks, and of several segments of the index.
  @Test(arguments: [1, 2, 3]) func `tables stay what they are by any number of changes`(
    seed: UInt64
  ) throws {
    var generator = SplitMix64(seed: seed)
    var model = Model(rowLength: seed == 1 ? 30_000 : seed == 2 ? 1000 : 100)
    let most = seed == 1 ? 60 : seed == 2 ? 2000 : 20_000
    var copies: [Model] = []
    for round in 0..<30 {
      model.table.makeExclusive()
      if Bool.random(using: &generator) {
        let end = Int.random(in: 0...most, using: &generator)
        while model.versions.count < end {
          let key = UInt64.random(in: 0..<UInt64(2 * most), using: &generator)
          if model.versions[key] == nil { model.insert(key) }
        }
      } else {
        // In the order they lie in, or at random.
        var keys = model.versions.sorted { $0.value < $1.value }.map(\.key)
        if Bool.random(using: &generator) { keys = keys.sorted() }
        keys = Array(keys.prefix(Int.random(in: 0...keys.count, using: &generator)))
        for key in keys { try model.remove(key) }
        if Bool.random(using: &generator) { model.table.releaseEmptied() }
      }
      model.check()
      if round % 5 == 0 { copies.append(model) }
      if round % 11 == 0, !copies.isEmpty { copies.removeFirst() }
    }
    for copy in copies { copy.check() }
    #expect(model.table.slotCount <= most)
  }

  /// In a process of its own: what others take and give back cannot be told apart.
  @Test func `memory goes back to the system with a table, and with its rows`() async {
    await #expect(processExitsWith: .success) {
      func resident() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        return Int(text.split(separator: " ")[1])! * 4096
      }
      let before = try resident()
      var models = (0..<4).map { _ in Model() }
      for key in UInt64(0)..<20_000 {
        for index in models.indices { models[index].insert(key) }
      }
      let byteCount = models.reduce(0) { $0 + $1.table.memory.byteCount }
      #expect(byteCount > 32 << 20)
      #expect(try resident() - before > byteCount)

      // What is left lies in huge pages of which a part is in use.
      for key in UInt64(0)..<20_000 { try models[0].remove(key) }
      for key in UInt64(0)..<20_000 { try models[1].remove(key) }
      models[0].table.releaseEmptied()
      models[1].table.releaseEmptied()
      models.removeLast(2)
      #expect(try resident() - before < 12 << 20)
    }
  }
}
