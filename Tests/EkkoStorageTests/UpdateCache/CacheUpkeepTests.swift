import EkkoCore
import Testing

@testable import EkkoStorage

/// What is measured beside what is done.
struct CacheUpkeepTests {
  private static func instant(_ step: Int) -> Instant {
    Instant(
      monotonic: MonotonicTime(nanoseconds: 1_000_000_000 + Int64(step) * 1_000_000),
      wall: WallTime(microseconds: 1_000_000_000 + UInt64(step) * 1000))
  }

  @Test func `it leaves the cache as overwrites of a shard's rows do`() {
    let rowCount = 20_000
    var generator = SplitMix64(seed: 5)
    var upkeep = CacheUpkeep(rowCount: rowCount)
    var shard = Shard(
      id: ShardID(model: ModelID(rawValue: 1), index: 0),
      schemas: [TableSchema(name: "rows", rowLength: 1)], formClass: .full,
      incarnation: IncarnationID(rawValue: 1))
    // Each row once, in order, so that its slot is its key; then at random.
    var batches = (0..<(rowCount / 32)).map { number in (0..<32).map { UInt64(number * 32 + $0) } }
    for _ in 0..<3000 {
      batches.append(
        Set((0..<32).map { _ in UInt64.random(in: 0..<UInt64(rowCount), using: &generator) })
          .sorted())
    }

    for (step, keys) in batches.enumerated() {
      upkeep.note(upkeep.makeBatch(keys.map { UInt32($0) }), at: Self.instant(step))
      let put = RowWrites(
        kind: .put, table: TableID(rawValue: 0), keys: keys,
        values: .floats(keys.map { Float($0) }))
      _ = shard.write([put], request: nil, at: Self.instant(step))
    }

    let (measured, real) = (upkeep.shard.cache, shard.cache)
    #expect(measured.prunedThrough == real.prunedThrough && real.prunedThrough > 0)
    #expect(measured.storedCount == real.storedCount)
    #expect(measured.liveCount == real.liveCount && real.liveCount > 0)
    #expect(measured.propagation == real.propagation)
    #expect(measured.entries(after: 0).map(\.sequence) == real.entries(after: 0).map(\.sequence))
    #expect(
      measured.entries(after: 0).map(\.entry.slot) == real.entries(after: 0).map(\.entry.slot))
  }
}
