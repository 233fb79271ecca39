import EkkoCore
import EkkoStorage
import Testing

/// Retiring the incarnations of dead replicas (DESIGN §5.1).
@Suite struct ShardRetirementTests {
  /// Three replicas, the third of which has written, been pulled by both others, and died.
  private static func makeCluster() throws -> (ShardCluster, dead: IncarnationID, Timestamp) {
    var cluster = ShardCluster(count: 3)
    let dead = cluster.replicas[2].incarnation
    cluster.write(.put, at: 2, table: 1, keys: [1, 2, 3])
    try cluster.pull(from: 2, by: 0)
    try cluster.pull(from: 2, by: 1)
    return (cluster, dead, cluster.replicas[2].knowledge[dead])
  }

  /// The same, but the third died in the middle of a section: two of its rows came to the first replica.
  private static func makeClusterWithRowsBeyondSeal() throws -> (
    ShardCluster, dead: IncarnationID, Timestamp
  ) {
    var (cluster, dead, seal) = try Self.makeCluster()
    cluster.write(.put, at: 2, table: 1, keys: [1, 7, 8])
    let begun = cluster.beginPull(from: 2, by: 0)
    var (pull, begin) = try #require(begun)
    _ = try cluster.deliver(begin, to: &pull)
    for _ in 0..<2 {
      _ = try cluster.deliver(cluster.nextItems(of: pull, byteLimit: 1).bytes, to: &pull)
    }
    return (cluster, dead, seal)
  }

  @Test func `a sealed origin leaves every vector and its rows stay`() throws {
    var (cluster, dead, seal) = try Self.makeCluster()
    let before = cluster.replicas[0]
    cluster.advance(by: .seconds(60))
    cluster.replicas[0].pruneCache(at: cluster.now)

    let isSealed = cluster.replicas[0].applyRetirement(of: dead, seal: seal)

    #expect(isSealed)
    #expect(cluster.replicas[0].knowledge.isEmpty)
    #expect(cluster.replicas[0].rowCount == 3)
    #expect(cluster.replicas[0].shardVersion == before.shardVersion)
    #expect(cluster.replicas[0].digest(at: cluster.now) == before.digest(at: cluster.now))
    try cluster.replicas[0].checkInvariants()
  }

  @Test func `afterwards the origin's rows are not sent, the cache hits, and all is quiet`() throws
  {
    var (cluster, dead, seal) = try Self.makeCluster()
    cluster.advance(by: .seconds(60))
    for replica in 0..<2 {
      cluster.replicas[replica].pruneCache(at: cluster.now)
      _ = cluster.replicas[replica].applyRetirement(of: dead, seal: seal)
    }
    cluster.write(.put, at: 0, table: 1, keys: [1])

    try cluster.pull(from: 0, by: 1)
    try cluster.pull(from: 1, by: 0)

    #expect(cluster.replicas[0].counters.rowsSent == 1)
    #expect(cluster.replicas[1].counters.rowsSent == 0)
    #expect(cluster.replicas[0].cache.propagation.misses == 0)
    #expect(cluster.replicas[0].shardVersion == cluster.replicas[1].shardVersion)
    #expect(cluster.digests[0] == cluster.digests[1])
  }

  @Test func `a primary issues anew the rows of a section that nobody saw the end of`() throws {
    var (cluster, dead, seal) = try Self.makeClusterWithRowsBeyondSeal()
    try cluster.pull(from: 0, by: 1)
    #expect(cluster.replicas[1].ahead[dead] > seal)

    cluster.replicas[0].reissueRows(of: dead, beyond: seal, at: cluster.now)
    let isSealed = cluster.replicas[0].applyRetirement(of: dead, seal: seal)

    #expect(isSealed)
    #expect(cluster.replicas[0].counters.rowsRecovered == 2)
    try cluster.replicas[0].checkInvariants()
    let isSealedElsewhere = cluster.replicas[1].applyRetirement(of: dead, seal: seal)
    #expect(!isSealedElsewhere)
    try cluster.pull(from: 0, by: 1, replace: true)
    #expect(!cluster.replicas[1].mustReplace)
    #expect(cluster.digests[0] == cluster.digests[1])
    #expect(cluster.replicas[0].shardVersion == cluster.replicas[1].shardVersion)
  }

  /// Found by simulation: after a restart the primary had no row of the origin left to issue anew, so it
  /// kept what it knew beyond the seal, and every replica waited for another to replace its rows from.
  @Test func `a primary that has written over such rows keeps nothing beyond the seal`()
    async throws
  {
    var (cluster, dead, seal) = try Self.makeClusterWithRowsBeyondSeal()
    cluster.write(.put, at: 0, table: 1, keys: [1, 2, 3, 7, 8])
    let store = MemoryFileStore()
    try await ShardSnapshotTests.write(&cluster, replica: 0, to: store)
    cluster.replicas[0] = try await ShardSnapshotTests.load(from: store, at: cluster.now)
    #expect(cluster.replicas[0].ahead[dead] > seal)

    cluster.replicas[0].reissueRows(of: dead, beyond: seal, at: cluster.now)
    let isSealed = cluster.replicas[0].applyRetirement(of: dead, seal: seal)

    #expect(isSealed)
    #expect(cluster.replicas[0].counters.rowsRecovered == 0)
    try cluster.replicas[0].checkInvariants()
  }

  /// Seed 1760: a reader alone had got rows of a life that ended, its next life issued them anew, and the
  /// reader kept the dead one in its vectors for ever: nobody else knew that there was anything to retire.
  @Test func `a claim to rows of the dead ends when the last of them is written over`() throws {
    var (cluster, dead, seal) = try Self.makeClusterWithRowsBeyondSeal()
    cluster.replicas[1] = cluster.makeReplica(formClass: .serving)
    try cluster.pull(from: 0, by: 1)
    let living = Set(cluster.replicas[..<2].map(\.incarnation))
    // One after the other, so that each time it is the row found the time before that goes, or the other.
    for (key, isLast) in [(1, false), (7, true)] as [(UInt64, Bool)] {
      cluster.replicas[1].forgetRowsAhead(besides: living)
      #expect(cluster.replicas[1].ahead[dead] > seal)
      cluster.write(.put, at: 0, table: 1, keys: [key])
      try cluster.pull(from: 0, by: 1)
      cluster.replicas[1].forgetRowsAhead(besides: living.union([dead]))
      #expect(cluster.replicas[1].ahead[dead] > seal)
      let before = cluster.replicas[1]
      cluster.replicas[1].forgetRowsAhead(besides: living)

      #expect(cluster.replicas[1].ahead.isEmpty == isLast)
      #expect(cluster.replicas[1].knowledge == before.knowledge)
      #expect(cluster.replicas[1].digest(at: cluster.now) == before.digest(at: cluster.now))
      // Who has the claim still is not the same.
      #expect((cluster.replicas[1].shardVersion != before.shardVersion) == isLast)
      try cluster.replicas[1].checkInvariants()
    }
  }

  /// Found by reading: it would count as known everywhere, and nobody else would have it.
  @Test func `a row beyond the seal that comes late does not go over an earlier one`() throws {
    var (cluster, dead, seal) = try Self.makeClusterWithRowsBeyondSeal()
    let begun = cluster.beginPull(from: 0, by: 1)
    var (pull, begin) = try #require(begun)
    let isSealed = cluster.replicas[1].applyRetirement(of: dead, seal: seal)
    let before = cluster.replicas[1].digest(at: cluster.now)
    #expect(isSealed)

    _ = try cluster.deliver(begin, to: &pull)
    _ = try cluster.finish(&pull)

    #expect(cluster.replicas[1].digest(at: cluster.now) == before)
    try cluster.replicas[1].checkInvariants()
  }

  /// Seed 33883: the DVV kept the times of rows that were gone, and every answer was a scan from then on.
  @Test func `a claim that ended leaves nothing in the cache to fall short of`() throws {
    var (cluster, dead, seal) = try Self.makeClusterWithRowsBeyondSeal()
    cluster.replicas[1] = cluster.makeReplica(formClass: .serving)
    try cluster.pull(from: 0, by: 1)
    cluster.advance(by: .seconds(100))
    cluster.replicas[1].pruneCache(at: cluster.now)
    cluster.write(.put, at: 0, table: 1, keys: [1, 7])
    try cluster.pull(from: 0, by: 1)
    let asker = cluster.replicas[1].knowledge
    #expect(asker[dead] == seal)
    #expect(!cluster.replicas[1].isHit(asker))

    cluster.replicas[1].forgetRowsAhead(besides: [])

    #expect(cluster.replicas[1].ahead.isEmpty)
    #expect(cluster.replicas[1].isHit(asker))
    try cluster.replicas[1].checkInvariants()
  }

  @Test func `who has the claim still does not bring it back`() throws {
    var (cluster, dead, seal) = try Self.makeClusterWithRowsBeyondSeal()
    cluster.write(.put, at: 0, table: 1, keys: [1, 7])
    #expect(cluster.replicas[0].ahead[dead] > seal)
    cluster.replicas[1] = cluster.makeReplica(formClass: .serving)
    cluster.replicas[2] = cluster.makeReplica(formClass: .full)

    for replica in 1...2 { try cluster.pull(from: 0, by: replica) }

    #expect(cluster.replicas[1].ahead.isEmpty)
    // They need to know that there is something to retire.
    #expect(cluster.replicas[2].ahead[dead] > seal)
  }

  @Test func `who holds full rows keeps the claim`() throws {
    var (cluster, dead, seal) = try Self.makeClusterWithRowsBeyondSeal()
    cluster.write(.put, at: 0, table: 1, keys: [1, 7])

    cluster.replicas[0].forgetRowsAhead(besides: [])

    #expect(cluster.replicas[0].ahead[dead] > seal)
  }

  @Test func `a peer that has not retired the origin does not bring it back`() throws {
    var (cluster, dead, seal) = try Self.makeCluster()
    _ = cluster.replicas[0].applyRetirement(of: dead, seal: seal)
    cluster.write(.put, at: 1, table: 1, keys: [9])

    let outcome = try cluster.pull(from: 1, by: 0)

    #expect(outcome == .merged(changed: true))
    #expect(cluster.replicas[0].knowledge[dead] == .zero)
    #expect(cluster.replicas[0].ahead.isEmpty)
    #expect(cluster.replicas[0].shardVersion == cluster.replicas[1].shardVersion)
  }

  @Test func `a replica that knows less of the origin is replaced before it answers`() throws {
    var (cluster, dead, seal) = try Self.makeCluster()
    cluster.replicas[1] = cluster.makeReplica(formClass: .full)
    _ = cluster.replicas[0].applyRetirement(of: dead, seal: seal)

    let isSealed = cluster.replicas[1].applyRetirement(of: dead, seal: seal)
    #expect(!isSealed)
    #expect(try cluster.pull(from: 1, by: 0) == nil)
    cluster.write(.put, at: 1, table: 1, keys: [77])
    #expect(cluster.replicas[1].rowCount == 0)

    #expect(try cluster.pull(from: 0, by: 1, replace: true) == .merged(changed: false))
    #expect(!cluster.replicas[1].mustReplace)
    #expect(cluster.digests[0] == cluster.digests[1])
    let isAlreadyApplied = cluster.replicas[1].applyRetirement(of: dead, seal: seal)
    #expect(isAlreadyApplied)
  }

  /// It holds writes of the dead that nobody else has: they are gone, the same everywhere.
  @Test func `a replica that knows more of the origin gives that up`() throws {
    var (cluster, dead, seal) = try Self.makeCluster()
    cluster.write(.put, at: 0, table: 1, keys: [4])
    try cluster.pull(from: 0, by: 2)
    try cluster.pull(from: 0, by: 1)
    cluster.write(.put, at: 2, table: 1, keys: [1, 4, 5])
    try cluster.pull(from: 2, by: 1)
    cluster.write(.put, at: 1, table: 1, keys: [6])
    let own = cluster.replicas[1].knowledge[cluster.replicas[1].incarnation]
    _ = cluster.replicas[0].applyRetirement(of: dead, seal: seal)

    let isSealed = cluster.replicas[1].applyRetirement(of: dead, seal: seal)
    #expect(!isSealed)
    try cluster.pull(from: 0, by: 1, replace: true)
    try cluster.replicas[1].checkInvariants()
    #expect(cluster.replicas[1].knowledge[cluster.replicas[1].incarnation] == own)
    try cluster.pull(from: 1, by: 0)

    #expect(cluster.digests[0] == cluster.digests[1])
    #expect(cluster.replicas[1].tables[1].slot(of: 5) == nil)
    #expect(cluster.replicas[1].tables[1].slot(of: 6) != nil)
  }

  /// What the distrusted shard claimed to know may have been overwritten by what it gives up.
  @Test func `a replaced replica knows no more than the rows it took`() throws {
    var (cluster, dead, seal) = try Self.makeCluster()
    cluster.replicas.append(cluster.makeReplica(formClass: .full))
    cluster.write(.put, at: 3, table: 1, keys: [4])
    try cluster.pull(from: 3, by: 2)
    cluster.write(.put, at: 2, table: 1, keys: [4])
    try cluster.pull(from: 2, by: 1)
    try cluster.pull(from: 0, by: 3)
    for replica in [0, 1, 3] {
      _ = cluster.replicas[replica].applyRetirement(of: dead, seal: seal)
    }

    // Replica 0 has never seen the write of replica 3.
    try cluster.pull(from: 0, by: 1, replace: true)
    #expect(cluster.replicas[1].tables[1].slot(of: 4) == nil)
    try cluster.pull(from: 3, by: 1)

    #expect(cluster.replicas[1].tables[1].slot(of: 4) != nil)
    #expect(cluster.digests[1] == cluster.digests[3])
  }

  @Test func `a retired replica takes no more writes`() throws {
    var (cluster, dead, seal) = try Self.makeCluster()
    _ = cluster.replicas[2].applyRetirement(of: dead, seal: seal)
    _ = cluster.replicas[0].applyRetirement(of: dead, seal: seal)
    let count = cluster.issued.count

    try cluster.pull(from: 0, by: 2, replace: true)
    cluster.write(.put, at: 2, table: 1, keys: [50])

    #expect(!cluster.replicas[2].mustReplace)
    #expect(cluster.issued.count == count)
  }
}

extension Shard {
  /// Whether the update cache can answer who knows `knowledge`.
  fileprivate func isHit(_ knowledge: VersionVector) -> Bool {
    self.cache.isHit(bounds: self.origins.bounds(of: knowledge))
  }
}
