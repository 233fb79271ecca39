import EkkoCore
import EkkoStorage
import Testing

/// Selecting the rows of an answer (Ekko §4.4.1).
struct ShardAnsweringTests {
  private static func instant(_ second: UInt64) -> Instant {
    Instant(
      monotonic: MonotonicTime(nanoseconds: Int64(second) * 1_000_000_000),
      wall: WallTime(microseconds: 1_000_000_000 + second * 1_000_000))
  }

  private static func put(_ keys: [UInt64], to shard: inout Shard, at second: UInt64) {
    let write = RowWrites(
      kind: .put, table: TableID(rawValue: 0), keys: keys, values: .floats(keys.map { Float($0) }))
    _ = shard.write([write], request: nil, at: Self.instant(second))
  }

  @Test(arguments: [false, true], [100, 1 << 20])
  func `to pass through a walk selects what an answer holds, and ends it`(
    isScan: Bool, byteLimit: Int
  ) throws {
    var shard = Shard(
      id: ShardID(model: ModelID(rawValue: 1), index: 0),
      schemas: [TableSchema(name: "rows", rowLength: 1)], formClass: .full,
      incarnation: IncarnationID(rawValue: 1))
    Self.put(Array(0..<6000), to: &shard, at: 0)
    let (knowledge, mark) = (shard.knowledge, shard.arrival)
    shard.pruneCache(at: Self.instant(60))
    Self.put((0..<5000).map { $0 * 7 % 6000 }, to: &shard, at: 60)
    let request = SectionRequest(
      shard: shard.id, nonce: 1, epoch: .first, formClass: .full, knowledge: knowledge, mark: mark)
    var writer = ByteWriter()
    func open() -> UInt64? {
      let opening = shard.openWalk(for: request, announced: 0, usesCache: !isScan, into: &writer)
      guard case .opened(let walk) = opening else { return nil }
      return walk
    }

    let count = try shard.passThroughWalk(#require(open()), byteLimit: byteLimit)

    #expect(shard.walks.isEmpty)
    #expect(shard.counters.rowsSent == 0)
    let answer = try #require(open())
    while shard.continueWalk(answer, byteLimit: byteLimit, into: &writer) == .more {}
    #expect(UInt64(count) == shard.counters.rowsSent && count == 5000)
    #expect(shard.passThroughWalk(answer, byteLimit: byteLimit) == 0)
  }
}
