import EkkoCore
import EkkoStorage
import Testing

/// Rows that a peer sends and that no replica could have written (DESIGN §6.1).
@Suite struct ShardApplyingTests {
  private static let id = ShardID(model: ModelID(rawValue: 1), index: 0)
  private static let now = ShardCluster(count: 0).now

  private static func shard(_ schema: TableSchema, _ incarnation: UInt64) -> Shard {
    Shard(
      id: Self.id, schemas: [schema], formClass: .full,
      incarnation: IncarnationID(rawValue: incarnation))
  }

  /// The answer that would bring the row `key` whose bytes are `row`, two good rows before it.
  private static func outcome(
    schema: TableSchema, values: RowWrites.Values, replacing good: [UInt8], by bad: [UInt8]
  ) throws -> (Shard, Shard.Step?) {
    var source = Self.shard(schema, 1)
    _ = source.write(
      [RowWrites(kind: .put, table: TableID(rawValue: 0), keys: [1, 2], values: values)],
      request: nil, at: Self.now)
    var target = Self.shard(schema, 2)
    var reception = SectionReception(
      nonce: 5, asked: VersionVector(), responder: source.incarnation)
    let request = SectionRequest(
      shard: Self.id, nonce: 5, epoch: .first, formClass: .full, knowledge: VersionVector())
    var writer = ByteWriter()
    guard case .opened(let walk) = source.openWalk(for: request, announced: 0, into: &writer)
    else { return (target, nil) }
    _ = source.continueWalk(walk, byteLimit: 10_000, into: &writer)
    var bytes = writer.bytes
    let last = try #require(
      (0...(bytes.count - good.count)).last { Array(bytes[$0..<($0 + good.count)]) == good })
    bytes.replaceSubrange(last..<(last + good.count), with: bad)
    for item in try SectionItem.decodeAll(bytes.span) {
      let step = target.receive(item, in: bytes.span, reception: &reception, at: Self.now)
      if case .ended = step { return (target, step) }
    }
    return (target, nil)
  }

  @Test func `a number that is not finite refuses the whole item`() throws {
    let schema = TableSchema(name: "wide", valueType: .float32, rowLength: 1)
    let (shard, step) = try Self.outcome(
      schema: schema, values: .floats([1, 1.5]), replacing: [0, 0, 0xC0, 0x3F],
      by: [0, 0, 0x80, 0x7F])

    #expect(step == .ended(.refused(.malformedRow(table: TableID(rawValue: 0), key: 2))))
    #expect(shard.rowCount == 0)
    #expect(shard.knowledge.isEmpty)
  }

  @Test func `a value longer than its room refuses the whole item`() throws {
    let schema = TableSchema(name: "notes", valueType: .bytes, rowLength: 4)
    let (shard, step) = try Self.outcome(
      schema: schema, values: .contents([[1], [7, 7, 7, 7]]),
      replacing: [4, 0, 0, 0, 7, 7, 7, 7], by: [5, 0, 0, 0, 7, 7, 7, 7])

    #expect(step == .ended(.refused(.malformedRow(table: TableID(rawValue: 0), key: 2))))
    #expect(shard.rowCount == 0)
  }

  @Test func `a version of time zero is refused`() throws {
    let schema = TableSchema(name: "wide", valueType: .float32, rowLength: 1)
    var source = Self.shard(schema, 1)
    guard
      case .applied(let versions) = source.write(
        [
          RowWrites(
            kind: .put, table: TableID(rawValue: 0), keys: [1, 2], values: .floats([1, 2]))
        ],
        request: nil, at: Self.now)
    else { return }
    var time = ByteWriter()
    time.write(versions.all[1])
    let column = try #require(versions.all.first?.rawValue)
    var first = ByteWriter()
    first.write(column)
    let (shard, step) = try Self.outcome(
      schema: schema, values: .floats([1, 2]), replacing: first.bytes + time.bytes,
      by: first.bytes + Array(repeating: 0, count: 8))

    #expect(step == .ended(.refused(.malformedRow(table: TableID(rawValue: 0), key: 2))))
    #expect(shard.rowCount == 0)
  }

  /// A primary that restarts may be behind its former life by less than the bound; elsewhere the
  /// tombstone may be there for longer than here, and must not count for more than the new row.
  @Test func `a row that was deleted and forgotten is written with a later time`() throws {
    var cluster = ShardCluster(count: 3)
    cluster.write(.put, at: 0, table: 1, keys: [1])
    cluster.write(.delete, at: 0, table: 1, keys: [1])
    try cluster.pull(from: 0, by: 1)
    try cluster.pull(from: 0, by: 2)
    _ = cluster.replicas[1].collectTombstones(
      stable: cluster.replicas[1].knowledge, from: ScanCursor(), limit: 100)
    cluster.advance(by: .milliseconds(-300))

    cluster.write(.put, at: 1, table: 1, keys: [1])

    let (deleted, written) = (cluster.issued[1].version, cluster.issued[2].version)
    #expect(written.timestamp > deleted.timestamp)
    try cluster.pull(from: 1, by: 2)
    #expect(cluster.digests[1] == cluster.digests[2])
  }

  /// Most nodes hear of the members that pull from them and of no others.
  @Test func `a tombstone that a peer has collected is collected here`() throws {
    var cluster = ShardCluster(count: 2)
    cluster.write(.put, at: 0, table: 1, keys: [1, 2])
    cluster.write(.delete, at: 0, table: 1, keys: [1])
    try cluster.pull(from: 0, by: 1)
    func collect(at replica: Int, below stable: VersionVector) {
      _ = cluster.replicas[replica].collectTombstones(
        stable: stable, from: ScanCursor(), limit: 100)
    }
    collect(at: 1, below: VersionVector())
    #expect(cluster.replicas[1].rowCount == 2)

    collect(at: 0, below: cluster.replicas[0].knowledge)
    try cluster.pull(from: 0, by: 1)
    cluster.write(.delete, at: 0, table: 1, keys: [2])
    try cluster.pull(from: 0, by: 1)
    collect(at: 1, below: VersionVector())

    // That of the second is not for it to collect yet.
    #expect(cluster.replicas[1].rowCount == 1)
    #expect(cluster.replicas[1].tombstoneCount == 1)
    #expect(cluster.replicas[1].forgotten == cluster.replicas[0].forgotten)
  }
}
