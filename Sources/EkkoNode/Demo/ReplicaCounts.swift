internal import EkkoReplication

/// What several replicas have counted, together.
struct ReplicaCounts {
  private(set) var receivedBytes = 0
  private var hits: UInt64 = 0
  private var misses: UInt64 = 0
  private var announcements: UInt64 = 0
  private var skipped: UInt64 = 0

  mutating func add(_ status: NodeStatus) {
    self.receivedBytes += Int(clamping: status.receivedBytes)
    self.hits += status.cacheHits
    self.misses += status.cacheMisses
    self.announcements += status.announcements
    self.skipped += status.skipped
  }

  var cacheHitFraction: Double? {
    let all = self.hits + self.misses
    return all > 0 ? Double(self.hits) / Double(all) : nil
  }

  var shardsSkippedFraction: Double? {
    self.announcements > 0 ? Double(self.skipped) / Double(self.announcements) : nil
  }
}
