import EkkoCore
import Testing

@testable import EkkoSimulation
@testable import EkkoStorage

/// Each mistake that a replica's mirror is there to see, made by hand; the planted ones are made in whole
/// clusters.
struct ReplicaMirrorTests {
  private static let id = ShardID(model: ModelID(rawValue: 1), index: 0)
  private static let schemas = [TableSchema(name: "puts", rowLength: 2)]
  private static let now = Instant(
    monotonic: MonotonicTime(nanoseconds: 1_000_000_000),
    wall: WallTime(microseconds: 1_700_000_000_000_000))

  private let walls = WallRecord()
  private let history: ShardHistory
  private let mirror = ReplicaMirror(replica: "a")
  private var replica = Self.makeReplica(1)

  init() { self.history = ShardHistory(shard: Self.id, walls: self.walls) }

  private static func makeReplica(_ incarnation: UInt64) -> Shard {
    Shard(
      id: Self.id, schemas: Self.schemas, formClass: .full,
      incarnation: IncarnationID(rawValue: incarnation))
  }

  private static func put(_ key: UInt64, _ value: Float, to replica: inout Shard) {
    let write = RowWrites(
      kind: .put, table: TableID(rawValue: 0), keys: [key], values: .floats([value, value]))
    _ = replica.write([write], request: nil, at: Self.now)
  }

  /// All that `source` has, as a section of one piece.
  private static func pull(from source: inout Shard, to replica: inout Shard) throws {
    var writer = ByteWriter()
    let request = SectionRequest(
      shard: Self.id, nonce: 1, epoch: .first, formClass: .full, knowledge: replica.knowledge)
    guard case .opened(let walk) = source.openWalk(for: request, announced: 0, into: &writer)
    else { throw Refused() }
    while source.continueWalk(walk, byteLimit: 60_000, into: &writer) == .more {}
    var reception = SectionReception(
      nonce: 1, asked: request.knowledge, responder: source.incarnation)
    for item in try SectionItem.decodeAll(writer.bytes.span) {
      _ = replica.receive(item, in: writer.bytes.span, reception: &reception, at: Self.now)
    }
  }

  private struct Refused: Error {}

  /// The invariant that `replica`, as it is now, is found to break.
  private func broken(
    by replica: Shard, in mirror: ReplicaMirror? = nil, wall: WallTime = Self.now.wall
  ) -> Invariant? {
    do throws(Violation) {
      try (mirror ?? self.mirror).check(
        replica, against: self.history, uniqueTables: [0], wall: wall)
      return nil
    } catch {
      return error.invariant
    }
  }

  private func issue(
    at microseconds: UInt64, by origin: UInt64, of key: UInt64, isTombstone: Bool = false
  ) throws(Violation) -> ParameterVersion {
    let version = ParameterVersion(
      timestamp: Timestamp(microseconds: microseconds, counter: 0),
      origin: IncarnationID(rawValue: origin))
    try self.history.issue(
      version, of: ShardHistory.RowKey(table: 0, key: key), isTombstone: isTombstone,
      hash: microseconds, form: .full, value: nil)
    return version
  }

  @Test func `an origin's times that do not go up break K4`() throws {
    _ = try self.issue(at: 7, by: 1, of: 5)
    _ = try self.issue(at: 6, by: 2, of: 5)
    for (microseconds, key) in [(UInt64(6), UInt64(5)), (7, 6)] {
      let violation = #expect(throws: Violation.self) {
        _ = try self.issue(at: microseconds, by: 1, of: key)
      }
      #expect(violation?.invariant == (key == 5 ? .k4 : .k3))
    }
  }

  @Test func `a row that was issued anew stands in for what had been issued by then`() throws {
    let row = ShardHistory.RowKey(table: 0, key: 5)
    _ = try self.issue(at: 9, by: 1, of: 5)
    let again = ParameterVersion(
      timestamp: Timestamp(microseconds: 3, counter: 0), origin: IncarnationID(rawValue: 2))
    self.history.noteReissue(again, of: row)
    _ = try self.issue(at: 3, by: 2, of: 5)
    _ = try self.issue(at: 8, by: 3, of: 5)

    func standsIn(for origin: UInt64) -> Bool {
      self.history.updates(
        of: IncarnationID(rawValue: origin), after: .zero,
        through: Timestamp(microseconds: 99, counter: 0)
      ).allSatisfy { self.history.standsIn(again, for: $0) }
    }
    #expect(standsIn(for: 1))
    #expect(!standsIn(for: 3))
  }

  @Test mutating func `replicas that write and pull break nothing`() throws {
    var other = Self.makeReplica(2)
    let otherMirror = ReplicaMirror(replica: "b")
    for round in 0..<3 {
      Self.put(5, Float(round), to: &self.replica)
      #expect(self.broken(by: self.replica) == nil)
      #expect(self.broken(by: other, in: otherMirror) == nil)
      try Self.pull(from: &self.replica, to: &other)
      #expect(self.broken(by: other, in: otherMirror) == nil)
      #expect(other.knowledge == self.replica.knowledge && other.rowCount == 1)
    }
  }

  @Test mutating func `K1: knowledge covers an update that the row does not have`() throws {
    Self.put(5, 1, to: &self.replica)
    #expect(self.broken(by: self.replica) == nil)
    var other = Self.makeReplica(2)
    let otherMirror = ReplicaMirror(replica: "b")
    #expect(self.broken(by: other, in: otherMirror) == nil)

    other.knowledge = self.replica.knowledge

    #expect(self.broken(by: other, in: otherMirror) == .k1)
  }

  @Test mutating func `K1: a row is gone`() {
    let empty = self.replica
    Self.put(5, 1, to: &self.replica)
    #expect(self.broken(by: self.replica) == nil)
    #expect(self.broken(by: empty) == .k1)
  }

  @Test(arguments: [false, true])
  mutating func `K1: a row is gone that others have deleted`(isHeard: Bool) throws {
    Self.put(5, 1, to: &self.replica)
    #expect(self.broken(by: self.replica) == nil)
    var other = Self.makeReplica(2)
    let otherMirror = ReplicaMirror(replica: "b")
    #expect(self.broken(by: other, in: otherMirror) == nil)
    try Self.pull(from: &self.replica, to: &other)
    #expect(self.broken(by: other, in: otherMirror) == nil)
    let tombstone = try self.issue(
      at: Self.now.wall.microseconds + 1, by: 9, of: 5, isTombstone: true)

    var gone = Self.makeReplica(2)
    gone.knowledge = other.knowledge
    if isHeard { gone.knowledge.observe(tombstone) }
    gone.issuedCounter = 9
    gone.shardVersion = ShardVersion(counter: 9, issuer: gone.incarnation)

    #expect(self.broken(by: gone, in: otherMirror) == (isHeard ? nil : .k1))
  }

  @Test(arguments: [UInt64(0), 2])
  mutating func `K1: a row is gone before its time, which was made shorter`(seconds: UInt64) {
    func schema(_ seconds: UInt32) -> TableSchema {
      TableSchema(name: "puts", rowLength: 2, timeToLiveSeconds: seconds)
    }
    self.replica.updateSchemas([schema(3600)])
    Self.put(5, 1, to: &self.replica)
    self.walls.note(Self.now.wall, at: 1)
    #expect(self.broken(by: self.replica) == nil)

    // The clock that the row expires by, and the one that was looked at.
    let expiry = Instant(
      monotonic: Self.now.monotonic,
      wall: WallTime(microseconds: Self.now.wall.microseconds + 2_000_000))
    self.walls.note(
      WallTime(microseconds: Self.now.wall.microseconds + seconds * 1_000_000), at: 2)
    self.replica.updateSchemas([schema(1)])
    _ = self.replica.expireRows(from: ScanCursor(table: 0, slot: 0), limit: 100, at: expiry)

    #expect(self.replica.rowCount == 0)
    #expect(self.broken(by: self.replica) == (seconds == 0 ? .k1 : nil))
  }

  @Test func `a clock that was ahead is nothing to rows that were issued since`() {
    for (microseconds, time) in [(UInt64(10), Int64(1)), (5, 2), (7, 3)] {
      self.walls.note(WallTime(microseconds: microseconds), at: time)
    }

    #expect((Int64(0)...4).map { self.walls.latest(since: $0).microseconds } == [10, 10, 7, 7, 0])
  }

  @Test mutating func `K2: a row has a version that nobody was seen to issue`() throws {
    var other = Self.makeReplica(2)
    #expect(self.broken(by: other) == nil)
    Self.put(5, 1, to: &self.replica)
    try Self.pull(from: &self.replica, to: &other)
    #expect(self.broken(by: other) == .k2)
  }

  @Test mutating func `K3: a version has two values`() {
    var twin = self.replica
    Self.put(5, 1, to: &self.replica)
    Self.put(5, 2, to: &twin)
    #expect(twin.knowledge == self.replica.knowledge)
    #expect(self.broken(by: self.replica) == nil)
    #expect(self.broken(by: twin, in: ReplicaMirror(replica: "twin")) == .k3)
  }

  @Test mutating func `K4: knowledge goes down`() {
    Self.put(5, 1, to: &self.replica)
    #expect(self.broken(by: self.replica) == nil)
    self.replica.knowledge = VersionVector()
    #expect(self.broken(by: self.replica) == .k4)
  }

  @Test mutating func `S1: a shard version stands for more than its issuer had`() throws {
    Self.put(5, 1, to: &self.replica)
    #expect(self.broken(by: self.replica) == nil)
    Self.put(6, 1, to: &self.replica)
    try self.history.issueShardVersion(
      self.replica.shardVersion,
      at: ShardHistory.Standing(knowledge: VersionVector(), ahead: VersionVector()))
    #expect(self.broken(by: self.replica) == .s1)
  }

  @Test mutating func `S1: a shard version is held that nobody issued`() {
    Self.put(5, 1, to: &self.replica)
    self.replica.shardVersion = ShardVersion(counter: 3, issuer: IncarnationID(rawValue: 9))
    #expect(self.broken(by: self.replica) == .s1)
  }

  @Test mutating func `C1: a row is in no cache, and nothing says so`() {
    Self.put(5, 1, to: &self.replica)
    #expect(self.broken(by: self.replica) == nil)
    Self.put(6, 1, to: &self.replica)
    self.replica.cache = UpdateCache()
    #expect(self.broken(by: self.replica) == .c1)
  }

  @Test mutating func `C3: the cache lacks a row that a scan finds`() {
    func difference() -> Invariant? {
      AnswerComparison.compare(
        self.replica, knowledge: VersionVector(), mark: 0, of: ReplicaMirror(replica: "b"),
        self.history)?.invariant
    }
    Self.put(5, 1, to: &self.replica)
    let cache = self.replica.cache
    Self.put(6, 1, to: &self.replica)
    #expect(difference() == nil)

    self.replica.cache = cache

    #expect(difference() == .c3)
  }

  @Test mutating func `B1: a row comes from beyond the future bound`() throws {
    var other = Self.makeReplica(2)
    let otherMirror = ReplicaMirror(replica: "b")
    for key in 5...6 {
      Self.put(UInt64(key), 1, to: &self.replica)
      #expect(self.broken(by: self.replica) == nil)
      try Self.pull(from: &self.replica, to: &other)
      // What is there at the first look may be from files.
      let wall = WallTime(microseconds: Self.now.wall.microseconds - (key == 6 ? 2_000_000 : 0))
      #expect(self.broken(by: other, in: otherMirror, wall: wall) == (key == 6 ? .b1 : nil))
    }
  }

  @Test mutating func `E1: one write is applied twice`() {
    Self.put(5, 1, to: &self.replica)
    #expect(self.broken(by: self.replica) == nil)
    Self.put(5, 1, to: &self.replica)
    #expect(self.broken(by: self.replica) == .e1)
  }
}
