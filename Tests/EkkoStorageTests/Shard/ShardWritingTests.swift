import EkkoCore
import Testing

@testable import EkkoStorage

/// Who may become an origin (DESIGN §5.1).
@Suite struct ShardWritingTests {
  private static let write = RowWrites(
    kind: .put, table: TableID(rawValue: 0), keys: [1], values: .floats([1]))
  private static let now = Instant(
    monotonic: .zero, wall: WallTime(microseconds: 1_000_000_000))

  /// A shard that knows of so many other origins.
  private static func shard(_ id: ShardID, origins: Int) -> Shard {
    var shard = Shard(
      id: id, schemas: [TableSchema(name: "rows", rowLength: 1)], formClass: .full,
      incarnation: IncarnationID(rawValue: .max))
    for origin in 0..<origins {
      shard.knowledge.observe(
        ParameterVersion(
          timestamp: Timestamp(rawValue: 1), origin: IncarnationID(rawValue: UInt64(origin + 1))))
    }
    return shard
  }

  private static func mayWrite(_ id: ShardID, origins: Int) -> Bool {
    var shard = Self.shard(id, origins: origins)
    if case .applied = shard.write([Self.write], request: nil, at: Self.now) { return true }
    return false
  }

  @Test func `a shard of a model with 64 origins takes no other`() {
    let id = ShardID(model: ModelID(rawValue: 1), index: 0)
    #expect(Self.mayWrite(id, origins: 63))
    #expect(!Self.mayWrite(id, origins: 64))
  }

  @Test func `the catalogue takes as many origins as can be read again`() throws {
    #expect(Self.mayWrite(.catalogue, origins: 64))
    let last = VersionVector.entryLimit - 1
    #expect(!Self.mayWrite(.catalogue, origins: last + 1))

    var shard = Self.shard(.catalogue, origins: last)
    _ = shard.write([Self.write], request: nil, at: Self.now)
    var writer = ByteWriter()
    writer.write(shard.knowledge)
    var reader = ByteReader(writer.bytes.span)
    #expect(try reader.readVersionVector() == shard.knowledge)
  }
}
