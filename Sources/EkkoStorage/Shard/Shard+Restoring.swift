internal import EkkoCore

/// Taking rows from this shard's own snapshot (DESIGN §5.2, §5.8).
extension Shard {
  /// Like `receive`, but takes versions up to `limit` and says what is wrong.
  mutating func restore(
    _ rows: RowsItem, in bytes: Span<UInt8>, reception: inout SectionReception, limit: Timestamp,
    at now: Instant
  ) throws(SnapshotError) {
    guard reception.mode == .replace, rows.nonce == reception.nonce else { throw .incomplete }
    do throws(Refusal) {
      try self.apply(rows, mode: .replace, limit: limit, in: bytes, at: now)
    } catch {
      throw SnapshotError(error)
    }
    reception.accepted(rows, body: bytes.extracting(rows.body))
  }

  /// Merges what the section's end says. What lies beyond the future bound is taken with a doubt.
  mutating func restore(
    _ end: SectionEnd, reception: SectionReception, limit: Timestamp, at now: Instant
  ) throws(SnapshotError) {
    switch self.merge(end, reception: reception, limit: limit) {
    case .merged: break
    case .refused(let refusal): throw SnapshotError(refusal)
    case .dropped: throw .incomplete
    }
    let latest = self.latestTime
    if latest > self.latestAcceptable(at: now) { self.loadedBeyond = latest }
  }

  /// What was loaded is no news to anyone: it leaves the update cache for the DVV.
  mutating func evictLoadedRows() {
    self.cache.prune(through: self.arrival)
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
