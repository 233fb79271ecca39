import EkkoCore
import Testing

@testable import EkkoStorage

/// The short path of puts to rows that are there, beside the careful one.
struct ShardOverwritingTests {
  private static let table = TableID(rawValue: 0)
  private static let length = 3

  private static func shard(timeToLive: UInt32 = 0) -> Shard {
    Shard(
      id: ShardID(model: ModelID(rawValue: 1), index: 0),
      schemas: [
        TableSchema(name: "rows", rowLength: Self.length, timeToLiveSeconds: timeToLive)
      ],
      formClass: .full, incarnation: IncarnationID(rawValue: 7))
  }

  private static func instant(_ second: UInt64) -> Instant {
    Instant(
      monotonic: MonotonicTime(nanoseconds: Int64(second) * 1_000_000_000),
      wall: WallTime(microseconds: 1_000_000_000 + second * 1_000_000))
  }

  private static func put(_ keys: [UInt64], _ value: Float) -> RowWrites {
    RowWrites(
      kind: .put, table: Self.table, keys: keys,
      values: .floats(
        keys.flatMap { key in (0..<Self.length).map { value + Float(key) + Float($0) / 10 } }))
  }

  /// Keys, weights, how often each row was written and whether it is deleted.
  private static func content(_ shard: Shard) -> [[Double]] {
    let rows = shard.tables[0]
    return (0..<rows.slotCount).filter { rows.sequence(at: $0) != 0 }.map { slot in
      let bytes = rows.bytes(at: slot)
      let weights = shard.read(
        [rows.key(at: slot)], of: Self.table, missing: .report, at: Self.instant(0)
      ).weights
      return [
        Double(rows.key(at: slot)), rows.stamp(at: slot).isTombstone ? 1 : 0,
        Double(rows.layout.updateCount(of: bytes)), Double(rows.layout.creation(of: bytes)),
      ] + weights.map(Double.init)
    }.sorted { $0[0] < $1[0] }
  }

  /// Some rows are there, some deleted, some not there, and some are beyond the clock.
  private static func prepared(_ seed: UInt64) throws -> Shard {
    var generator = SplitMix64(seed: seed)
    var shard = Self.shard()
    _ = shard.write([Self.put(Array(0..<150), 0)], request: nil, at: Self.instant(0))
    let deleted = (0..<150).map(UInt64.init).shuffled(using: &generator).prefix(20)
    _ = shard.write(
      [RowWrites(kind: .delete, table: Self.table, keys: Array(deleted), values: .none)],
      request: nil, at: Self.instant(1))
    return shard
  }

  @Test(arguments: 0..<20) func `a batch does what its keys do one by one`(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed &+ 100)
    var (together, apart) = (try Self.prepared(seed), try Self.prepared(seed))
    for round in 2..<6 as Range<UInt64> {
      let keys = Array((0..<300).map(UInt64.init).shuffled(using: &generator).prefix(120))
      let now = Self.instant(round)
      _ = together.write([Self.put(keys, Float(round))], request: nil, at: now)
      for key in keys { _ = apart.write([Self.put([key], Float(round))], request: nil, at: now) }
      #expect(Self.content(together) == Self.content(apart))
      #expect(together.clock == apart.clock && together.arrival == apart.arrival)
      #expect(
        together.cache.entries(after: 0).map(\.sequence)
          == apart.cache.entries(after: 0).map(\.sequence))
      #expect(together.cache.liveCount == together.rowCount)
      try together.checkInvariants()
    }
  }

  /// A version that came from elsewhere, from a clock that is ahead, is superseded all the same.
  @Test func `a row whose version is beyond the clock gets a later one`() throws {
    var (ahead, shard) = (Self.shard(), Self.shard())
    _ = ahead.write([Self.put([5], 1)], request: nil, at: Self.instant(100))
    _ = shard.write([Self.put(Array(0..<40), 0)], request: nil, at: Self.instant(99))
    let slot = try #require(shard.tables[0].slot(of: 5))
    let later = Timestamp(microseconds: Self.instant(100).wall.microseconds)
    shard.tables[0].setStamp(
      RowTable.Stamp(
        timestamp: later, origin: 0, isTombstone: false,
        sequence: shard.tables[0].stamp(at: slot).sequence), at: slot)
    guard
      case .applied(let times) = shard.write(
        [Self.put(Array(0..<40), 2)], request: nil, at: Self.instant(99))
    else {
      Issue.record("the write was not applied")
      return
    }
    #expect(times.all[5] > later)
    #expect(zip(times.all, times.all.dropFirst()).allSatisfy { $0 < $1 })
    #expect(shard.tables[0].stamp(at: slot).timestamp == times.all[5])
  }

  @Test func `a row that has outlived its time begins anew`() throws {
    var shard = Self.shard(timeToLive: 10)
    _ = shard.write([Self.put(Array(0..<40), 0)], request: nil, at: Self.instant(0))
    _ = shard.write([Self.put([3], 0)], request: nil, at: Self.instant(9))
    _ = shard.write([Self.put(Array(0..<40), 1)], request: nil, at: Self.instant(12))
    let table = shard.tables[0]
    for key in UInt64(0)..<40 {
      let slot = try #require(table.slot(of: key))
      let count = table.layout.updateCount(of: table.bytes(at: slot))
      #expect(count == (key == 3 ? 3 : 1))
    }
  }

  @Test func `a copy keeps what it was taken of`() throws {
    var shard = Self.shard()
    _ = shard.write([Self.put(Array(0..<100), 0)], request: nil, at: Self.instant(0))
    let copy = shard
    let before = Self.content(copy)
    _ = shard.write([Self.put(Array(0..<100), 5)], request: nil, at: Self.instant(1))
    #expect(Self.content(copy) == before && Self.content(shard) != before)
    try copy.checkInvariants()
    try shard.checkInvariants()
  }
}
