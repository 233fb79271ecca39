/// Where a parameter lives: fixed for ever, the same in every process (DESIGN §4).
@usableFromInline
package enum ShardFunction {
  /// The shard of `key`: SplitMix64 over (table, key), modulo the model's shard count.
  @inlinable @inline(__always)
  package static func shardIndex(of key: ParameterKey, shardCount: UInt32) -> UInt32 {
    Self.shardIndex(of: Self.hash(of: key.key, salt: Self.salt(of: key.table)), shardCount)
  }

  /// The hash of a key decides its shard, and its place in the shard's index: it is computed once.
  @inlinable @inline(__always)
  package static func hash(of key: UInt64, salt: UInt64) -> UInt64 { SplitMix64.mix(key ^ salt) }

  /// Makes the hashes of one table differ from another's.
  @inlinable @inline(__always)
  package static func salt(of table: TableID) -> UInt64 {
    UInt64(table.rawValue) &* 0x9E37_79B9_7F4A_7C15
  }

  @inlinable @inline(__always)
  package static func shardIndex(of hash: UInt64, _ shardCount: UInt32) -> UInt32 {
    precondition(shardCount > 0, "a model has at least one shard")
    return UInt32(truncatingIfNeeded: hash % UInt64(shardCount))
  }

  /// Identifies this function and the hashes behind it in the handshake: two nodes that disagree
  /// here would disagree on the home of every parameter.
  package static let digest: UInt64 = XXH64.hash(
    utf8Of: "splitmix64(table*9e3779b97f4a7c15^key)%shards;xxh64-0;crc32c;form-1")
}
