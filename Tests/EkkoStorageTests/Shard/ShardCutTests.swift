import EkkoCore
import Testing

@testable import EkkoStorage

/// A batch's keys by shard.
struct ShardCutTests {
  @Test(arguments: [1, 2, 3, 64, 100, 128] as [UInt32]) func `each key goes to its shard, once`(
    shardCount: UInt32
  ) {
    let table = TableID(rawValue: 3)
    let keys = (0..<1000).map { UInt64($0) &* 0x9E37_79B9 }
    let cut = ShardCut(keys, of: table, shardCount: shardCount)
    var seen: [UInt32] = []
    #expect(cut.shards == cut.shards.sorted())
    for (number, shard) in cut.shards.enumerated() {
      let range = cut.range(of: shard)
      #expect(range == cut.range(ofPart: number) && !range.isEmpty)
      let (places, hashes) = (cut.places(range), cut.hashes(range))
      for place in places.indices {
        let key = keys[Int(places[place])]
        #expect(
          ShardFunction.shardIndex(
            of: ParameterKey(table: table, key: key), shardCount: shardCount) == shard)
        #expect(
          hashes[place] == ShardFunction.hash(of: key, salt: ShardFunction.salt(of: table)))
      }
      seen += cut.places(of: shard)
    }
    #expect(seen.sorted() == Array(0..<1000))
    #expect(cut.range(of: shardCount).isEmpty)
  }

  @Test func `times are kept in runs and told row by row`() {
    let rows: [UInt64] = [5, 6, 7, 0, 0, 9, 3, 4]
    var times = IssuedTimes()
    for row in rows { times.append(Timestamp(rawValue: row)) }
    times.append(from: Timestamp(rawValue: 5), count: 3)
    #expect(times.all.map(\.rawValue) == rows + [5, 6, 7])
    #expect(times.count == 11 && times.newest.rawValue == 9)
    var target = [Timestamp](repeating: .zero, count: 11)
    let places = Array((0..<11 as Range<UInt32>).reversed())
    times.scatter(to: places.span, of: &target)
    #expect(target.reversed().map(\.rawValue) == rows + [5, 6, 7])
  }
}
