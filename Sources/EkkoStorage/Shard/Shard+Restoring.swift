internal import EkkoCore

/// Taking rows from this shard's own snapshot (DESIGN §5.2, §5.8).
extension Shard {
  /// Like `receive` for rows, but full rows from beyond the future bound become new writes of this
  /// life instead of a refusal.
  ///
  /// - Returns: whether there were any.
  mutating func restore(
    _ rows: RowsItem, in bytes: Span<UInt8>, reception: inout SectionReception, at now: Instant
  ) throws(SnapshotError) -> Bool {
    guard reception.mode == .replace, rows.nonce == reception.nonce else { throw .incomplete }
    let last = self.clock.last
    do throws(Refusal) {
      try self.apply(
        rows, mode: .replace, future: self.formClass == .full ? .reissue : .refuse, in: bytes,
        at: now)
    } catch .fromTheFuture(let timestamp) {
      throw .needsReplacement(beyond: timestamp)
    } catch {
      throw .refused(error)
    }
    reception.accepted(rows, body: bytes.extracting(rows.body))
    return self.clock.last > last
  }

  /// What was loaded is no news to anyone: it leaves the update cache for the DVV.
  mutating func evictLoadedRows() {
    var rows = RowCursor(self.tables)
    self.cache.prune(through: self.arrival, of: &rows)
    #if PlantedBugs
      if PlantedBug.active == .emptyDominatorAfterLoading { self.cache.clearDominator() }
    #endif
  }

  /// Knows the rows that were written anew, and stands for what that made of the shard.
  mutating func knowReissued() {
    self.knowledge.observe(
      ParameterVersion(timestamp: self.clock.last, origin: self.incarnation))
    self.issueShardVersion()
  }

  /// Marks an origin as retired in a shard that holds nothing of it yet.
  mutating func retireUnwritten(_ origin: IncarnationID) { self.origins.retire(origin) }
}
