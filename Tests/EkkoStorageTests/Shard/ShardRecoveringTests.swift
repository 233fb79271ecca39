import EkkoCore
import EkkoStorage
import Testing

/// Updates that survive only in a lesser form (DESIGN §4). Replica 0 is the primary, in one life after
/// another; replica 1 serves, and holds what the primary has lost.
@Suite struct ShardRecoveringTests {
  private static let (embedding, wide) = (0, 1)

  /// A primary that wrote keys 1…4 of both tables, of which the next life remembers `kept` writes.
  private static func makeCluster(keeping kept: Bool) throws -> ShardCluster {
    var cluster = ShardCluster(count: 2, formClasses: [.full, .serving])
    cluster.write(.put, at: 0, table: Self.embedding, keys: [1, 2])
    cluster.write(.put, at: 0, table: Self.wide, keys: [1, 2, 3])
    var next = cluster.makeReplica(formClass: .full)
    if kept { next = try cluster.copy(of: 0, into: next) }
    cluster.advance(by: .seconds(1))
    cluster.write(.push, at: 0, table: Self.embedding, keys: [2, 3])
    cluster.write(.put, at: 0, table: Self.wide, keys: [3, 4])
    cluster.write(.delete, at: 0, table: Self.wide, keys: [1, 9])
    try cluster.pull(from: 0, by: 1)
    cluster.replicas[0] = next
    cluster.advance(by: .seconds(1))
    return cluster
  }

  @Test(arguments: [false, true])
  func `what the primary lost becomes new writes of its present life`(kept: Bool) throws {
    var cluster = try Self.makeCluster(keeping: kept)
    let dead = cluster.replicas[1].knowledge
    let held = cluster.replicas[1]

    let outcome = try cluster.recover(from: 1, at: 0)
    try cluster.pull(from: 0, by: 1)

    #expect(outcome == .merged(changed: true))
    let primary = cluster.replicas[0]
    #expect(primary.counters.rowsRecovered == (kept ? 6 : 8))
    #expect(primary.knowledge.dominates(dead))
    #expect(cluster.digests[0] == cluster.digests[1])
    for (table, keys) in [(Self.embedding, [2, 3]), (Self.wide, [3, 4])] {
      let id = TableID(rawValue: UInt16(table))
      let (before, after) = (
        held.read(keys.map(UInt64.init), of: id, missing: .report, at: cluster.now),
        primary.read(keys.map(UInt64.init), of: id, missing: .report, at: cluster.now)
      )
      #expect(before.weights.map(\.bitPattern) == after.weights.map(\.bitPattern))
      #expect(before.creations == after.creations)
      #expect(after.origins.allSatisfy { $0 == primary.incarnation })
      #expect(zip(before.timestamps, after.timestamps).allSatisfy { $0 < $1 })
    }
    try primary.checkInvariants()
    #expect(cluster.firstUnsoundKnowledge() == nil)
  }

  @Test func `a recovered row learns on like one that was never pushed to`() throws {
    var cluster = try Self.makeCluster(keeping: false)
    try cluster.recover(from: 1, at: 0)

    let table = cluster.replicas[0].tables[Self.embedding]
    let slot = try #require(table.slot(of: 3))
    let row = table.bytes(at: slot)
    let slots = table.layout.slotsRange
    #expect(slots.count == 16)
    for offset in stride(from: slots.lowerBound, to: slots.upperBound, by: 4) {
      let accumulator = row.unsafeLoadUnaligned(fromByteOffset: offset, as: Float.self)
      #expect(accumulator == 0.1)
    }
    #expect(table.layout.updateCount(of: row) == 0)
  }

  @Test func `a deleted row is recovered as deleted`() throws {
    var cluster = try Self.makeCluster(keeping: true)
    #expect(cluster.weights(of: 1, table: Self.wide, at: 0) != nil)

    try cluster.recover(from: 1, at: 0)

    for key: UInt64 in [1, 9] {
      #expect(cluster.weights(of: key, table: Self.wide, at: 0) == nil)
      let slot = try #require(cluster.replicas[0].tables[Self.wide].slot(of: key))
      let stamp = cluster.replicas[0].tables[Self.wide].stamp(at: slot)
      #expect(stamp.isTombstone)
      #expect(cluster.replicas[0].origins[stamp.origin] == cluster.replicas[0].incarnation)
    }
  }

  @Test func `a survivor from a clock that was ahead is superseded all the same`() throws {
    var cluster = try Self.makeCluster(keeping: false)
    cluster.advance(by: .milliseconds(-1300))

    let outcome = try cluster.recover(from: 1, at: 0)
    try cluster.pull(from: 0, by: 1)

    #expect(outcome == .merged(changed: true))
    #expect(cluster.digests[0] == cluster.digests[1])
  }

  @Test func `what was written since, or is as new, stays as it is`() throws {
    var cluster = try Self.makeCluster(keeping: true)
    cluster.write(.put, at: 0, table: Self.wide, keys: [4, 3, 2, 1])
    let written = cluster.replicas[0].read(
      [1, 2, 3, 4], of: TableID(rawValue: 1), missing: .report, at: cluster.now)

    let outcome = try cluster.recover(from: 1, at: 0)

    #expect(outcome == .merged(changed: true))
    // Two embeddings and the tombstone of key 9.
    #expect(cluster.replicas[0].counters.rowsRecovered == 3)
    #expect(
      cluster.replicas[0].read(
        [1, 2, 3, 4], of: TableID(rawValue: 1), missing: .report, at: cluster.now) == written)
    #expect(try cluster.recover(from: 1, at: 0) == .merged(changed: false))
    #expect(cluster.replicas[0].counters.rowsRecovered == 3)
  }

  @Test func `knowledge is merged at the section's end, which a later attempt may bring`() throws {
    var cluster = try Self.makeCluster(keeping: true)
    let before = cluster.replicas[0].knowledge
    let own = cluster.replicas[0].incarnation

    #expect(try cluster.recover(from: 1, at: 0, byteLimit: 1, losing: { $0 == 2 }) == .dropped)

    let partly = cluster.replicas[0]
    var known = partly.knowledge
    #expect(known[own] > .zero)
    known.remove(own)
    #expect(known == before)
    // Those before the gap.
    #expect(partly.counters.rowsRecovered == 2)
    #expect(try cluster.recover(from: 1, at: 0, byteLimit: 1) == .merged(changed: true))
    #expect(cluster.replicas[0].counters.rowsRecovered == 6)
    #expect(cluster.firstUnsoundKnowledge() == nil)
  }

  @Test func `rows beyond the survivor's knowledge are recovered too`() throws {
    var cluster = ShardCluster(count: 2, formClasses: [.full, .serving])
    cluster.write(.put, at: 0, table: Self.wide, keys: [1, 2])
    let begun = cluster.beginPull(from: 0, by: 1)
    var (pull, bytes) = try #require(begun)
    _ = try cluster.deliver(bytes, to: &pull)
    _ = try cluster.deliver(cluster.nextItems(of: pull, byteLimit: 1).bytes, to: &pull)
    cluster.replicas[0] = cluster.makeReplica(formClass: .full)
    #expect(cluster.replicas[1].knowledge.isEmpty && cluster.replicas[1].rowCount == 1)

    try cluster.recover(from: 1, at: 0)
    try cluster.pull(from: 0, by: 1)

    #expect(cluster.replicas[0].counters.rowsRecovered == 1)
    #expect(cluster.digests[0] == cluster.digests[1])
  }

  @Test func `rows of a life that goes on are left to it`() throws {
    var cluster = ShardCluster(count: 3, formClasses: [.full, .full, .serving])
    cluster.write(.put, at: 0, table: Self.wide, keys: [1])
    cluster.write(.put, at: 1, table: Self.wide, keys: [2])
    try cluster.pull(from: 0, by: 2)
    try cluster.pull(from: 1, by: 2)
    let living = cluster.replicas[1].incarnation
    cluster.replicas[0] = cluster.makeReplica(formClass: .full)

    #expect(try cluster.recover(from: 2, at: 0, besides: [living]) == .dropped)
    #expect(cluster.replicas[0].tables[Self.wide].slot(of: 2) == nil)
    try cluster.pull(from: 1, by: 0)
    #expect(try cluster.recover(from: 2, at: 0, besides: [living]) == .merged(changed: true))

    #expect(cluster.replicas[0].counters.rowsRecovered == 1)
    let slot = try #require(cluster.replicas[0].tables[Self.wide].slot(of: 2))
    let stamp = cluster.replicas[0].tables[Self.wide].stamp(at: slot)
    #expect(cluster.replicas[0].origins[stamp.origin] == living)
  }

  @Test func `rows that were deleted and forgotten do not stay with the primary`() throws {
    var cluster = try Self.makeCluster(keeping: true)
    _ = cluster.replicas[1].collectTombstones(
      stable: cluster.replicas[1].knowledge, from: ScanCursor(), limit: 100)
    #expect(cluster.weights(of: 1, table: Self.wide, at: 0) != nil)

    let outcome = try cluster.recover(from: 1, at: 0)
    try cluster.pull(from: 0, by: 1)

    #expect(outcome == .merged(changed: true))
    #expect(cluster.replicas[0].tables[Self.wide].slot(of: 1) == nil)
    #expect(cluster.replicas[0].rowCount == 6)
    #expect(cluster.digests[0] == cluster.digests[1])
  }

  @Test func `neither collected nor retired rows come back`() throws {
    var cluster = try Self.makeCluster(keeping: false)
    let dead = try #require(cluster.replicas[1].knowledge.entries.first)
    _ = cluster.replicas[0].applyRetirement(of: dead.origin, seal: .zero)

    try cluster.recover(from: 1, at: 0)

    #expect(cluster.replicas[0].counters.rowsRecovered == 0)
    #expect(cluster.replicas[0].knowledge.isEmpty)
  }

  @Test func `a replica that replaces its rows, or serves, recovers nothing`() throws {
    var cluster = try Self.makeCluster(keeping: false)
    cluster.replicas.append(cluster.makeReplica(formClass: .serving))
    cluster.replicas[0].requireReplacement()

    for replica in [0, 2] {
      #expect(try cluster.recover(from: 1, at: replica) == .dropped)
      #expect(cluster.replicas[replica].rowCount == 0)
      #expect(cluster.replicas[replica].knowledge.isEmpty)
    }
  }

  @Test func `a replacement that is under way is not disturbed`() throws {
    var cluster = try Self.makeCluster(keeping: true)
    _ = cluster.replicas[1].collectTombstones(
      stable: cluster.replicas[1].knowledge, from: ScanCursor(), limit: 100)
    cluster.replicas.append(cluster.makeReplica(formClass: .full))
    cluster.write(.put, at: 2, table: Self.wide, keys: [7, 8])
    cluster.replicas[0].requireReplacement()
    let begun = cluster.beginPull(from: 2, by: 0, replace: true)
    var (replace, bytes) = try #require(begun)
    _ = try cluster.deliver(bytes, to: &replace)

    #expect(try cluster.recover(from: 1, at: 0) == .dropped)

    #expect(try cluster.finish(&replace) == .merged(changed: true))
    #expect(!cluster.replicas[0].mustReplace)
  }

  @Test
  func `a primary from before an origin was retired takes all rows, and keeps its equal ones`()
    throws
  {
    var cluster = try Self.makeCluster(keeping: true)
    let dead = try #require(cluster.replicas[1].knowledge.entries.first)
    // Something that only the primary has, of another life that is not retired.
    var between = cluster.makeReplica(formClass: .full)
    swap(&cluster.replicas[0], &between)
    cluster.write(.put, at: 0, table: Self.wide, keys: [50])
    swap(&cluster.replicas[0], &between)
    cluster.replicas.append(between)
    try cluster.pull(from: 2, by: 0)
    let areSealed = (0..<2).map {
      cluster.replicas[$0].applyRetirement(of: dead.origin, seal: dead.timestamp)
    }
    #expect(areSealed == [false, true])
    #expect(try cluster.recover(from: 1, at: 0) == .dropped)

    let outcome = try cluster.recover(from: 1, at: 0, replacing: true, byteLimit: 1)
    try cluster.pull(from: 0, by: 1)

    guard case .merged = outcome else {
      Issue.record("\(String(describing: outcome))")
      return
    }
    let primary = cluster.replicas[0]
    #expect(!primary.mustReplace)
    #expect(primary.counters.rowsRecovered == 6)
    #expect(primary.knowledge[between.incarnation] > .zero && primary.ahead.isEmpty)
    let equal = try #require(primary.tables[Self.embedding].slot(of: 1))
    #expect(
      primary.origins[primary.tables[Self.embedding].stamp(at: equal).origin] == dead.origin)
    #expect(primary.tables[Self.wide].slot(of: 50) != nil)
    #expect(cluster.digests[0] == cluster.digests[1])
    try primary.checkInvariants()
  }

  @Test func `full rows are refused where lesser ones were asked for`() throws {
    var cluster = ShardCluster(count: 2)
    cluster.write(.put, at: 1, table: Self.wide, keys: [1])

    let outcome = try cluster.recover(from: 1, at: 0, sentIn: .full)

    #expect(outcome == .refused(.wrongForm(table: TableID(rawValue: 1))))
    #expect(cluster.replicas[0].rowCount == 0)
  }
}

extension ShardCluster {
  /// One whole pull in the serving form, in pieces of about `byteLimit` bytes without the rows of
  /// those that `isLost` names.
  @discardableResult
  fileprivate mutating func recover(
    from responder: Int, at primary: Int, besides living: Set<IncarnationID> = [],
    replacing: Bool = false, byteLimit: Int = 60_000, sentIn formClass: FormClass = .serving,
    losing isLost: (Int) -> Bool = { _ in false }
  ) throws -> Shard.Merge? {
    let begun = self.beginPull(
      from: responder, by: primary, replace: replacing, formClass: formClass)
    guard let begun else { return nil }
    var (reception, bytes) = (begun.0.reception, begun.1)
    var piece = 0
    var isLast = false
    while true {
      for item in try SectionItem.decodeAll(bytes.span) {
        if isLost(piece), case .rows = item { continue }
        let step = self.replicas[primary].recover(
          item, in: bytes.span,
          on: .init(formClass: .serving, living: living, replaces: replacing),
          reception: &reception, at: self.now)
        if case .ended(let merge) = step { return merge }
      }
      if isLast { return nil }
      (bytes, isLast) = self.nextItems(of: begun.0, byteLimit: byteLimit)
      piece += 1
    }
  }

  /// What `replica` holds, in the life of `next`.
  fileprivate mutating func copy(of replica: Int, into next: Shard) throws -> Shard {
    self.replicas.append(next)
    try self.pull(from: replica, by: self.replicas.count - 1)
    return self.replicas.removeLast()
  }

  /// `nil` if there is no such row.
  fileprivate func weights(of key: UInt64, table: Int, at replica: Int) -> [Float]? {
    let rows = self.replicas[replica].read(
      [key], of: TableID(rawValue: UInt16(table)), missing: .report, at: self.now)
    return rows.timestamps == [.zero] ? nil : rows.weights
  }
}
