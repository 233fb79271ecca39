import EkkoCore
import EkkoReplication
import EkkoStorage

extension ShardVersionBoard {
  /// Announces a shard without an actor that would know its place.
  @discardableResult
  func publish(_ shard: Shard) -> UInt64 { self.register(shard).sequence }
}

extension ShardActor {
  func read(_ keys: [UInt64], of table: TableID, missing: MissingRows) -> ShardRows {
    self.shard.read(keys, of: table, missing: missing, at: self.clock.now())
  }
}
