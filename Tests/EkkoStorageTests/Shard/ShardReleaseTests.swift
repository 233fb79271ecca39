import EkkoCore
import Testing

@testable import EkkoStorage

/// What a shard gives back when rows have gone.
@Suite struct ShardReleaseTests {
  private static let keys = Array(UInt64(0)..<10_000)

  private static func collect(_ cluster: inout ShardCluster) {
    var cursor: ScanCursor? = ScanCursor()
    while let from = cursor {
      cursor = cluster.replicas[0].collectTombstones(
        stable: cluster.replicas[0].knowledge, from: from, limit: 1000)
    }
  }

  private static func byteCount(_ cluster: ShardCluster) -> Int {
    cluster.replicas[0].tables[0].memory.byteCount
  }

  @Test func `collected tombstones leave no memory behind, and new rows take their slots`() {
    var cluster = ShardCluster(count: 1)
    cluster.write(.put, at: 0, table: 0, keys: Self.keys)
    cluster.write(.delete, at: 0, table: 0, keys: Self.keys)
    let full = Self.byteCount(cluster)

    Self.collect(&cluster)

    #expect(full > 10_000 * 48 && Self.byteCount(cluster) < 1 << 10)
    #expect(cluster.replicas[0].rowCount == 0)
    cluster.write(.put, at: 0, table: 0, keys: Self.keys)
    #expect(cluster.replicas[0].tables[0].slotCount == 10_000)
    #expect(throws: Never.self) { try cluster.replicas[0].checkInvariants() }
  }

  @Test func `while an answer is being given, slots and memory stay`() throws {
    var cluster = ShardCluster(count: 2)
    cluster.write(.put, at: 0, table: 0, keys: Self.keys)
    let begun = cluster.beginPull(from: 0, by: 1)
    var (pull, bytes) = try #require(begun)
    _ = try cluster.deliver(bytes, to: &pull)
    cluster.write(.delete, at: 0, table: 0, keys: Self.keys)
    let full = Self.byteCount(cluster)
    for table in cluster.replicas[0].tables.indices {
      cluster.replicas[0].tables[table].makeExclusive()
      for slot in 0..<cluster.replicas[0].tables[table].slotCount {
        cluster.replicas[0].removeRow(table: table, slot: slot)
      }
    }
    cluster.replicas[0].releaseEmptied()
    // All but most of the index.
    #expect(Self.byteCount(cluster) > full * 3 / 4)

    cluster.replicas[0].abandonWalk(pull.walk, keepUntil: nil)

    #expect(Self.byteCount(cluster) < 1 << 10)
  }

  /// Both go by the cursor that the first returns.
  @Test func `upkeep looks at rows only where some may be gone`() {
    var cluster = ShardCluster(count: 1)
    cluster.write(.put, at: 0, table: 0, keys: Self.keys)
    cluster.write(.put, at: 0, table: 1, keys: Self.keys)
    #expect(
      cluster.replicas[0].expireRows(from: ScanCursor(), limit: 6000, at: cluster.now) == nil)

    cluster.write(.delete, at: 0, table: 1, keys: [9000])
    var cursors: [ScanCursor] = []
    var cursor = ScanCursor()
    while cluster.replicas[0].tombstoneCount > 0, cursors.count < 10 {
      let next = cluster.replicas[0].expireRows(from: cursor, limit: 6000, at: cluster.now)
      _ = cluster.replicas[0].collectTombstones(
        stable: cluster.replicas[0].knowledge, from: cursor, limit: 6000)
      cursor = next ?? ScanCursor()
      cursors.append(cursor)
    }

    #expect(
      cursors == [
        ScanCursor(table: 0, slot: 6000), ScanCursor(table: 1, slot: 2000),
        ScanCursor(table: 1, slot: 8000), ScanCursor(),
      ])
    #expect(cluster.replicas[0].rowCount == 19_999)
  }
}
