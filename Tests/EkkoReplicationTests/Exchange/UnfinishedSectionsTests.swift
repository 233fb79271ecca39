import EkkoCore
import EkkoReplication
import EkkoStorage
import Testing

@Suite struct UnfinishedSectionsTests {
  private static let shard = ShardID(model: ModelID(rawValue: 1), index: 0)
  private static let now = Instant(
    monotonic: MonotonicTime(nanoseconds: 1_000_000_000),
    wall: WallTime(microseconds: 1_700_000_000_000_000))

  /// What has arrived of a section of the shard as it broke off, after `pieces` of its rows.
  private static func reception(pieces: Int, replace: Bool) throws -> SectionReception {
    func makeShard(_ incarnation: UInt64) -> Shard {
      Shard(
        id: Self.shard, schemas: [TableSchema(name: "t", rowLength: 1)], formClass: .full,
        incarnation: IncarnationID(rawValue: incarnation))
    }
    var (peer, own) = (makeShard(1), makeShard(2))
    let write = RowWrites(
      kind: .put, table: TableID(rawValue: 0), keys: [1, 2, 3], values: .floats([1, 2, 3]))
    _ = peer.write([write], request: nil, at: Self.now)
    let request = SectionRequest(
      shard: Self.shard, nonce: 7, epoch: .first, formClass: .full, knowledge: VersionVector(),
      replace: replace)
    var reception = SectionReception(
      nonce: 7, asked: VersionVector(), responder: peer.incarnation)
    var bytes = ByteWriter()
    let opening = peer.openWalk(for: request, announced: 0, usesCache: false, into: &bytes)
    guard case .opened(let walk) = opening else { return reception }
    for _ in 0..<pieces { _ = peer.continueWalk(walk, byteLimit: 1, into: &bytes) }
    for item in try SectionItem.decodeAll(bytes.bytes.span) {
      _ = own.receive(item, in: bytes.bytes.span, reception: &reception, at: Self.now)
    }
    return reception
  }

  @Test func `only what has come some way goes on, and once`() throws {
    var sections = UnfinishedSections()
    let opened = try Self.reception(pieces: 0, replace: false)
    let begun = try Self.reception(pieces: 1, replace: false)
    let kept = [opened, begun].map { sections.keep($0, of: Self.shard) }
    #expect(kept == [false, true])
    let taken = [1, 2].map { _ in sections.take(Self.shard, replaces: false) }
    #expect(taken == [begun, nil])
    #expect(sections.isEmpty)
  }

  @Test(arguments: [false, true])
  func `a difference is of no use to who asks for all rows`(replace: Bool) throws {
    var sections = UnfinishedSections()
    _ = try sections.keep(Self.reception(pieces: 1, replace: replace), of: Self.shard)
    let taken = sections.take(Self.shard, replaces: true)
    #expect((taken != nil) == replace)
  }

  @Test func `an attempt that brought nothing stands for the one before it`() throws {
    let begun = try Self.reception(pieces: 1, replace: true)
    let unanswered = SectionReception(nonce: 8, resuming: begun)
    var sections = UnfinishedSections()
    let isKept = sections.keep(unanswered, of: Self.shard)
    #expect(isKept)
    let taken = sections.take(Self.shard, replaces: true)
    #expect(taken?.resumeToken == begun.resumeToken)
    #expect(taken.map { SectionReception(nonce: 9, resuming: $0).resumed } == 7)
  }

  /// Found by simulation: a link went on with a scan long after another had brought its rows.
  @Test func `what is settled meanwhile does not go on`() throws {
    var sections = UnfinishedSections()
    _ = try sections.keep(Self.reception(pieces: 1, replace: false), of: Self.shard)
    sections.retain { $0 == Self.shard }
    #expect(!sections.isEmpty)
    sections.retain { $0 != Self.shard }
    #expect(sections.isEmpty)
  }

  @Test func `another life of the peer knows nothing of it`() throws {
    var sections = UnfinishedSections()
    _ = try sections.keep(Self.reception(pieces: 1, replace: false), of: Self.shard)
    #expect(sections.begun(by: IncarnationID(rawValue: 3)).isEmpty)
    #expect(!sections.begun(by: IncarnationID(rawValue: 1)).isEmpty)
  }
}
