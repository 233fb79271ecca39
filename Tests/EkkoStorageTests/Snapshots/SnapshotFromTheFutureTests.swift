import EkkoCore
import EkkoStorage
import Testing

/// Files with times beyond the future bound: the clock was ahead once, or is behind now (DESIGN §5.2).
@Suite struct SnapshotFromTheFutureTests {
  /// Rows of an ordinary time and, over one of them, of an hour later; saved, and loaded ten seconds
  /// after the earlier ones. One more is of a time that is not now, but within the future bound.
  private static func load(
    formClass: FormClass = .full
  ) async throws -> (shard: Shard, saved: Shard, now: Instant) {
    let store = MemoryFileStore()
    var cluster = ShardCluster(count: 2, formClasses: [.full, formClass])
    cluster.write(.put, at: 0, table: 1, keys: [1, 2, 3])
    cluster.advance(by: .milliseconds(10_200))
    cluster.write(.put, at: 0, table: 1, keys: [5])
    cluster.advance(by: .milliseconds(3_589_800))
    cluster.write(.put, at: 0, table: 1, keys: [3, 4])
    cluster.write(.delete, at: 0, table: 1, keys: [2])
    try cluster.pull(from: 0, by: 1)
    try await ShardSnapshotTests.write(&cluster, replica: 1, to: store)
    cluster.advance(by: .seconds(-3590))
    let loaded = try await ShardSnapshotTests.load(
      from: store, formClass: formClass, at: cluster.now)
    return (loaded, cluster.replicas[1], cluster.now)
  }

  @Test func `until it is known which clock was wrong a shard is read and nothing else`()
    async throws
  {
    var (shard, saved, now) = try await Self.load()
    shard.settleLoaded(isClockRight: false, at: now)

    #expect(!shard.isTrusted)
    #expect(shard.knowledge == saved.knowledge)
    #expect(shard.digest(at: now) == saved.digest(at: now))
    let write = RowWrites(
      kind: .put, table: TableID(rawValue: 1), keys: [9], values: .floats([1]))
    #expect(shard.write([write], request: nil, at: now) == .notReady)
    #expect(SnapshotWriter(of: &shard, at: now) == nil)
    var cluster = ShardCluster(count: 2)
    cluster.replicas[1] = shard
    #expect(try cluster.pull(from: 1, by: 0) == nil)
  }

  @Test func `a clock that was behind catches up, and the rows are what they were`() async throws {
    var (shard, saved, now) = try await Self.load()
    now = Instant(
      monotonic: now.monotonic,
      wall: WallTime(microseconds: now.wall.microseconds + 3_600_000_000))
    shard.settleLoaded(isClockRight: false, at: now)

    #expect(shard.isTrusted)
    #expect(shard.knowledge == saved.knowledge)
    #expect(shard.counters.rowsReissued == 0)
    #expect(shard.digest(at: now) == saved.digest(at: now))
    try shard.checkInvariants()
  }

  @Test func `a full replica whose clock is right issues the rows anew`() async throws {
    var (shard, _, now) = try await Self.load()
    shard.settleLoaded(isClockRight: true, at: now)

    try shard.checkInvariants()
    #expect(shard.isTrusted)
    #expect(shard.counters.rowsReissued == 3)
    let limit = Timestamp(microseconds: now.wall.microseconds + 500_000)
    for slot in 0..<shard.tables[1].slotCount {
      #expect(shard.tables[1].stamp(at: slot).timestamp <= limit)
    }
    #expect(shard.knowledge.entries.allSatisfy { $0.timestamp <= limit })
    #expect(shard.knowledge[shard.incarnation] > .zero)
    #expect(shard.shardVersion.issuer == shard.incarnation)
    let rows = shard.read([1, 2, 3, 4, 5], of: TableID(rawValue: 1), missing: .report, at: now)
    #expect(rows.timestamps.map { $0 > .zero } == [true, false, true, true, true])
    #expect(rows.origins[3] == shard.incarnation)
    // What is out of the cache is what nobody issued anew: who knows that is answered from the cache.
    #expect(shard.cache.dominator.allSatisfy { $0 <= limit.rawValue })

    // One row stays as it was, beyond the time up to which everything is known.
    #expect(shard.ahead.entries.map(\.origin) == [rows.origins[4]])

    // Others, whose clocks are right, take it all.
    var others = ShardCluster(count: 3)
    others.advance(by: .seconds(10))
    others.replicas[1] = shard
    #expect(try others.pull(from: 1, by: 2) == .merged(changed: true))
    #expect(others.digests[1] == others.digests[2])
  }

  @Test func `an inference replica asks to be replaced instead`() async throws {
    do {
      _ = try await Self.load(formClass: .serving)
      Issue.record("rows from the future were loaded")
    } catch let error as SnapshotError {
      guard case .needsReplacement = error else { throw error }
    }
  }
}
