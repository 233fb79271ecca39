/// Where a parameter lives: fixed for ever, the same in every process (DESIGN §4).
@usableFromInline
package enum ShardFunction {
  /// The shard of `key`: SplitMix64 over (table, key), modulo the model's shard count.
  @inlinable @inline(__always)
  package static func shardIndex(of key: ParameterKey, shardCount: UInt32) -> UInt32 {
    precondition(shardCount > 0, "a model has at least one shard")
    let table = UInt64(key.table.rawValue) &* 0x9E37_79B9_7F4A_7C15
    return UInt32(truncatingIfNeeded: SplitMix64.mix(key.key ^ table) % UInt64(shardCount))
  }

  /// Identifies this function and the hashes behind it in the handshake: two nodes that disagree
  /// here would disagree on the home of every parameter.
  package static let digest: UInt64 = XXH64.hash(
    utf8Of: "splitmix64(table*9e3779b97f4a7c15^key)%shards;xxh64-0;crc32c;form-1")
}
