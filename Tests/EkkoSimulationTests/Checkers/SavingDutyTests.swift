import EkkoCore
import EkkoStorage
import Testing

@testable import EkkoSimulation

/// What the files of a node must hold.
struct SavingDutyTests {
  private static let origin = IncarnationID(rawValue: 1)

  private static func known(through microseconds: UInt64) -> VersionVector {
    VersionVector([
      ParameterVersion(
        timestamp: Timestamp(microseconds: microseconds, counter: 0), origin: Self.origin)
    ])
  }

  /// What is missing after three seconds, of what was known at the beginning.
  private static func missing(
    after seconds: Int64 = 3, resumedAfter resumed: Int64 = 0, in file: VersionVector?,
    retired: Set<IncarnationID> = []
  ) -> VersionVector? {
    var duty = SavingDuty()
    var missing: VersionVector?
    for (time, known) in [(Int64(0), UInt64(7)), (seconds, 9)] {
      missing = duty.note(
        Self.known(through: known), hasChanged: true, retired: retired,
        at: MonotonicTime(nanoseconds: time * 1_000_000_000),
        resumed: MonotonicTime(nanoseconds: resumed * 1_000_000_000), bound: .seconds(2)
      ) { file }
    }
    return missing
  }

  @Test func `what was known for longer than the bound must be in the file`() {
    #expect(Self.missing(in: nil) == Self.known(through: 7))
    #expect(Self.missing(in: Self.known(through: 6)) == Self.known(through: 7))
    #expect(Self.missing(in: Self.known(through: 7)) == nil)
    #expect(Self.missing(after: 2, in: nil) == nil)
    #expect(Self.missing(resumedAfter: 1, in: nil) == nil)
    #expect(Self.missing(in: nil, retired: [Self.origin]) == nil)
  }

  @Test func `a file says what it knows`() throws {
    let id = ShardID(model: ModelID(rawValue: 1), index: 0)
    let now = Instant(
      monotonic: MonotonicTime(nanoseconds: 1), wall: WallTime(microseconds: 1_700_000_000_000_000))
    let world = DiskWorld()

    let knowledge = try world.run { store in
      var shard = Shard(
        id: id, schemas: [TableSchema(name: "puts", rowLength: 1)], formClass: .full,
        incarnation: Self.origin)
      let write = RowWrites(
        kind: .put, table: TableID(rawValue: 0), keys: [5], values: .floats([1]))
      _ = shard.write([write], request: nil, at: now)
      var writer = try #require(SnapshotWriter(of: &shard, at: now))
      try await ShardSnapshot.write(id, to: store) { writer.nextPiece(of: &shard) }
      return shard.knowledge
    }

    #expect(world.disk.knowledge(of: id) == knowledge && !knowledge.isEmpty)
    #expect(world.disk.knowledge(of: .catalogue) == nil)
  }
}
