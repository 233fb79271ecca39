import EkkoCore
import Testing

@testable import EkkoStorage

@Suite struct ShardDigestTests {
  static let now = Instant(
    monotonic: MonotonicTime(nanoseconds: 1), wall: WallTime(microseconds: 1_000_000))

  /// A shard of 20 rows, as one life wrote them at one time.
  static func shard(_ formClass: FormClass = .full) -> Shard {
    var shard = Shard(
      id: ShardID(model: ModelID(rawValue: 1), index: 0),
      schemas: [TableSchema(name: "t", rowLength: 4, optimiser: .sgd(learningRate: 0.1))],
      formClass: formClass, incarnation: IncarnationID(rawValue: 7))
    let keys = (0..<20).map { UInt64($0) }
    _ = shard.write(
      [
        RowWrites(
          kind: .put, table: TableID(rawValue: 0), keys: keys,
          values: .floats(keys.flatMap { Array(repeating: Float($0), count: 4) }))
      ], request: nil, at: Self.now)
    return shard
  }

  @Test func `replicas with the same rows have the same digest`() {
    #expect(Self.shard().digest(at: Self.now) == Self.shard().digest(at: Self.now))
  }

  @Test(arguments: 0..<128) func `one weight bit changed in one replica changes its digest`(
    bit: Int
  ) throws {
    var changed = Self.shard()
    let slot = try #require(changed.tables[0].slot(of: 13))
    changed.tables[0].makeExclusive()
    let weights = changed.tables[0].layout.weightsRange
    var row = changed.tables[0].mutableBytes(at: slot)
    let place = weights.lowerBound + bit / 8
    let byte = row.bytes[place]
    row.storeBytes(of: byte ^ (1 << UInt8(bit % 8)), toByteOffset: place, as: UInt8.self)
    #expect(changed.digest(at: Self.now) != Self.shard().digest(at: Self.now))
  }
}

extension RawSpan {
  fileprivate subscript(place: Int) -> UInt8 {
    self.unsafeLoad(fromByteOffset: place, as: UInt8.self)
  }
}
