package import EkkoCore
internal import EkkoStorage

/// Telling which keys change, for those who watch a table.
extension ShardActor {
  package var arrivalSequence: UInt64 { self.shard.arrival }

  /// The keys of `table` that arrived after `sequence`, each once with its present version; whether
  /// some may be missing because the update cache no longer goes back so far; and where to go on.
  package func changes(
    of table: TableID, after sequence: UInt64
  ) -> (changes: [ChangeBatch.Change], hasMissed: Bool, sequence: UInt64) {
    let rows = self.shard.tables[Int(table.rawValue)]
    let cache = self.shard.cache
    var changes: [ChangeBatch.Change] = []
    for (_, entry) in cache.entries(after: sequence) where entry.table == table.rawValue {
      let stamp = rows.stamp(at: Int(entry.slot))
      changes.append(
        ChangeBatch.Change(
          key: rows.key(at: Int(entry.slot)),
          version: ParameterVersion(
            timestamp: stamp.timestamp, origin: self.shard.origins[stamp.origin]),
          isDeleted: stamp.isTombstone))
    }
    return (changes, sequence < cache.prunedThrough, self.shard.arrival)
  }
}
