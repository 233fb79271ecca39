import EkkoCore
import EkkoStorage
import Testing

/// Full replaces (DESIGN §5.9) under the things that go on meanwhile.
@Suite struct ShardReplacingTests {
  private static let table = 1

  /// Replica 1 holds keys 1…4; key 1 was deleted at replica 0, which has forgotten that.
  private static func makeCluster() throws -> ShardCluster {
    var cluster = ShardCluster(count: 3)
    cluster.write(.put, at: 0, table: Self.table, keys: [1, 2, 3, 4])
    try cluster.pull(from: 0, by: 1)
    cluster.write(.delete, at: 0, table: Self.table, keys: [1])
    _ = cluster.replicas[0].collectTombstones(
      stable: cluster.replicas[0].knowledge, from: ScanCursor(), limit: 100)
    return cluster
  }

  @Test func `a replace that broke off and resumes keeps the rows of its first part`() throws {
    var cluster = try Self.makeCluster()
    let begun = cluster.beginPull(from: 0, by: 1)
    var (pull, bytes) = try #require(begun)
    _ = try cluster.deliver(bytes, to: &pull)
    _ = try cluster.deliver(cluster.nextItems(of: pull, byteLimit: 1).bytes, to: &pull)
    cluster.replicas[0].abandonWalk(
      pull.walk, keepUntil: cluster.now.monotonic.advanced(by: .seconds(60)))

    let resumedPull = cluster.resume(pull)
    var (resumed, opening) = try #require(resumedPull)
    #expect(resumed.walk == pull.walk)
    _ = try cluster.deliver(opening, to: &resumed)
    let outcome = try cluster.finish(&resumed)

    #expect(outcome == .merged(changed: true))
    #expect(cluster.replicas[1].rowCount == 3)
    #expect(cluster.digests[0] == cluster.digests[1])
    #expect(cluster.firstUnsoundKnowledge()?.key.key == 1, "only the forgotten tombstone is gone")
  }

  /// All of them had just arrived, and nothing else did.
  @Test func `rows that are replaced away take their cache entries along`() throws {
    let keys = Array(UInt64(0)..<500)
    var cluster = ShardCluster(count: 2)
    cluster.write(.put, at: 0, table: Self.table, keys: keys)
    try cluster.pull(from: 0, by: 1)
    cluster.write(.delete, at: 0, table: Self.table, keys: keys)
    _ = cluster.replicas[0].collectTombstones(
      stable: cluster.replicas[0].knowledge, from: ScanCursor(), limit: 1000)

    try cluster.pull(from: 0, by: 1)

    for replica in cluster.replicas {
      #expect(replica.rowCount == 0 && replica.cache.liveCount == 0)
      #expect(replica.cache.storedCount == 0)
    }
  }

  @Test func `a replace whose rows go to slots that were freed keeps them`() throws {
    var cluster = try Self.makeCluster()
    // Slots of collected tombstones are free at replica 2.
    cluster.write(.delete, at: 2, table: Self.table, keys: [70, 71, 72])
    _ = cluster.replicas[2].collectTombstones(
      stable: cluster.replicas[2].knowledge, from: ScanCursor(), limit: 100)
    #expect(cluster.replicas[2].rowCount == 0)

    try cluster.pull(from: 0, by: 2, byteLimit: 1, replace: true)

    #expect(cluster.replicas[2].rowCount == 3)
    #expect(cluster.digests[0] == cluster.digests[2])
  }

  @Test func `rows that another peer brings meanwhile do not count as contained`() throws {
    var cluster = try Self.makeCluster()
    cluster.replicas.append(cluster.makeReplica(formClass: .full))
    cluster.write(.put, at: 3, table: Self.table, keys: [9])
    try cluster.pull(from: 3, by: 1)
    let begun = cluster.beginPull(from: 0, by: 3)
    var (replace, bytes) = try #require(begun)
    _ = try cluster.deliver(bytes, to: &replace)

    // Replica 1 still has the row that replica 0 has forgotten.
    try cluster.pull(from: 1, by: 3)
    #expect(cluster.replicas[3].tables[1].slot(of: 1) != nil)
    let outcome = try cluster.finish(&replace)

    #expect(outcome == .merged(changed: true))
    #expect(cluster.replicas[3].tables[1].slot(of: 1) == nil)
    #expect(cluster.replicas[3].tables[1].slot(of: 9) != nil)
  }

  @Test func `a piece that was long under way does not bring a collected row back`() throws {
    var cluster = ShardCluster(count: 2)
    cluster.write(.put, at: 0, table: Self.table, keys: [1])
    let begun = cluster.beginPull(from: 0, by: 1)
    var (late, opening) = try #require(begun)
    let piece = cluster.nextItems(of: late, byteLimit: 1000).bytes
    cluster.write(.delete, at: 0, table: Self.table, keys: [1])
    try cluster.pull(from: 0, by: 1)
    for replica in 0..<2 {
      _ = cluster.replicas[replica].collectTombstones(
        stable: cluster.replicas[0].knowledge, from: ScanCursor(), limit: 100)
    }

    _ = try cluster.deliver(opening, to: &late)
    _ = try cluster.deliver(piece, to: &late)

    #expect(cluster.replicas[1].rowCount == 0)
    #expect(cluster.digests[0] == cluster.digests[1])
  }

  /// The answer's knowledge covers the delete, and no row says so: who takes it must remember as much.
  @Test func `a replace answers for the tombstones that go while it is given`() throws {
    var cluster = ShardCluster(count: 3)
    cluster.write(.put, at: 0, table: Self.table, keys: [1, 2])
    try cluster.pull(from: 0, by: 2)
    cluster.write(.delete, at: 0, table: Self.table, keys: [1])
    let begun = cluster.beginPull(from: 0, by: 1, replace: true)
    var (pull, bytes) = try #require(begun)
    _ = try cluster.deliver(bytes, to: &pull)
    _ = cluster.replicas[0].collectTombstones(
      stable: cluster.replicas[0].knowledge, from: ScanCursor(), limit: 100)

    let outcome = try cluster.finish(&pull)
    #expect(outcome == .merged(changed: true))
    // Replica 2 still has the row that was deleted.
    try cluster.pull(from: 1, by: 2)

    #expect(cluster.replicas[2].rowCount == 1)
    #expect(cluster.digests[1] == cluster.digests[2])
  }

  @Test func `tombstones of a retired origin go`() throws {
    var cluster = try Self.makeCluster()
    cluster.write(.delete, at: 0, table: Self.table, keys: [2, 3])
    try cluster.pull(from: 0, by: 2)
    let dead = cluster.replicas[0].incarnation
    let seal = cluster.replicas[2].knowledge[dead]
    _ = cluster.replicas[2].applyRetirement(of: dead, seal: seal)
    // Replica 1 has missed the deletes: nothing goes before it has got all rows.
    _ = cluster.replicas[1].applyRetirement(of: dead, seal: seal)
    let counts = [2, 1].map { replica in
      _ = cluster.replicas[replica].collectTombstones(
        stable: VersionVector(), from: ScanCursor(), limit: 100)
      return (cluster.replicas[replica].tombstoneCount, cluster.replicas[replica].rowCount)
    }
    #expect(counts[0] == (0, 1) && counts[1].1 == 4)

    try cluster.pull(from: 2, by: 1, replace: true)
    #expect(cluster.digests[1] == cluster.digests[2])
    #expect(cluster.replicas[1].rowCount == 1)
  }

  @Test func `distrusting the rows ends a replace under way, which does not count`() throws {
    var cluster = try Self.makeCluster()
    let begun = cluster.beginPull(from: 0, by: 1)
    var (pull, bytes) = try #require(begun)
    _ = try cluster.deliver(bytes, to: &pull)

    cluster.replicas[1].requireReplacement()
    let outcome = try cluster.finish(&pull)

    #expect(outcome == .dropped)
    #expect(cluster.replicas[1].mustReplace)
  }
}
