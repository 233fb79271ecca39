package import EkkoCore

/// The part of a request that is one table's.
package protocol KeyedPart: Sendable {
  var table: TableID { get }
  var keys: [UInt64] { get }
}

/// A request's parts, cut by shard: each shard gets a view, and copies none of the keys and values.
package final class CutBatch<Part: KeyedPart>: Sendable {
  package let parts: [Part]
  /// One for each part.
  let cuts: [ShardCut]
  /// That have any of the keys, ascending.
  package let shards: [UInt32]

  package init(_ parts: [Part], shardCount: UInt32) {
    self.parts = parts
    self.cuts = parts.map { ShardCut($0.keys, of: $0.table, shardCount: shardCount) }
    self.shards =
      self.cuts.count == 1
      ? self.cuts[0].shards : Set(self.cuts.flatMap(\.shards)).sorted()
  }

  /// Parts whose keys are all of one shard.
  package convenience init(_ parts: [Part]) { self.init(parts, shardCount: 1) }

  /// What the shard gets that is at `number` of `shards`.
  package subscript(number: Int) -> ShardPart<Part> { ShardPart(batch: self, number: number) }
}

/// What is one shard's of a request.
package struct ShardPart<Part: KeyedPart>: Sendable {
  package let batch: CutBatch<Part>
  let number: Int

  /// Where in the order of the part's cut the shard's keys are.
  @inline(__always)
  func range(of part: Int) -> Range<Int> {
    let batch = self.batch
    // What has no keys has no shard either.
    guard self.number < batch.shards.count else { return 0..<0 }
    // With one cut, its shards are all there are.
    return batch.cuts.count == 1
      ? batch.cuts[0].range(ofPart: self.number)
      : batch.cuts[part].range(of: batch.shards[self.number])
  }

  /// How many keys the shard has.
  var keyCount: Int { self.batch.cuts.indices.reduce(0) { $0 + self.range(of: $1).count } }
}
