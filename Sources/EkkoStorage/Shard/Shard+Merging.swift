internal import EkkoCore

/// Taking over what a completed section stands for (Ekko §4.3, §4.4.2).
extension Shard {
  /// Merges a section's knowledge and shard version in one step, or nothing.
  ///
  /// - Parameter limit: the largest version time that is taken.
  mutating func merge(
    _ received: SectionEnd, reception: SectionReception, limit: Timestamp
  ) -> Merge {
    if let obstacle = self.obstacle(to: received, of: reception, limit: limit) { return obstacle }
    let end = self.withoutRetired(received)
    let before = self.knowledge
    let aheadBefore = self.ahead
    let wasDistrusted = self.mustReplace
    if end.mode == .replace {
      guard self.finishReplacement(end) else {
        self.counters.sectionsDropped += 1
        return .dropped
      }
    }
    self.knowledge.merge(end.knowledge)
    // Elsewhere only the rows themselves make the claim: it ends with the last of them, and whoever still
    // has it must not bring it back.
    if self.formClass == .full { self.ahead.merge(end.ahead) }
    self.ahead = self.ahead.subtracting(self.knowledge)
    self.significantKnowledge.merge(end.significantKnowledge)
    self.collectable.merge(end.forgotten)
    self.adoptShardVersion(
      of: end,
      hasChanged: self.knowledge != before || self.ahead != aheadBefore
        || (wasDistrusted && !self.mustReplace))
    self.counters.sectionsMerged += 1
    self.mergedAsked = reception.asked
    return .merged(changed: self.knowledge != before)
  }

  /// What comes of a section whose knowledge cannot be merged, and is counted here; `nil` if it can.
  mutating func obstacle(
    to end: SectionEnd, of reception: SectionReception, limit: Timestamp
  ) -> Merge? {
    #if PlantedBugs
      let asked = PlantedBug.active == .requesterWentBack ? VersionVector() : reception.asked
    #else
      let asked = reception.asked
    #endif
    guard reception.isComplete(end), end.epoch == self.epoch, self.knowledge.dominates(asked)
    else {
      self.counters.sectionsDropped += 1
      return .dropped
    }
    guard let refusal = self.refusal(of: end, limit: limit) else { return nil }
    self.counters.sectionsRefused += 1
    return .refused(refusal)
  }

  /// Why this end must not be merged, whatever came before it.
  private func refusal(of end: SectionEnd, limit: Timestamp) -> Refusal? {
    for vector in [end.knowledge, end.ahead, end.significantKnowledge, end.forgotten] {
      if let ahead = vector.entries.first(where: { $0.timestamp > limit }) {
        return .fromTheFuture(ahead.timestamp)
      }
    }
    // Once retired, this replica only reads; what others remember of its id means nothing.
    let isRetired = self.origins.retired.contains(self.incarnation)
    let isOwn = end.knowledge[self.incarnation] <= self.knowledge[self.incarnation]
    return isOwn || isRetired ? nil : .identityConflict
  }

  /// A peer that has not applied a retirement yet still names the origin: here it means nothing.
  func withoutRetired(_ end: SectionEnd) -> SectionEnd {
    var end = end
    for origin in self.origins.retired {
      end.knowledge.remove(origin)
      end.ahead.remove(origin)
      end.significantKnowledge.remove(origin)
      end.forgotten.remove(origin)
    }
    return end
  }

  /// The same knowledge and rows take the peer's version (or, equal before, the larger of both); what
  /// grew beyond the peer's gets a version of our own.
  private mutating func adoptShardVersion(of end: SectionEnd, hasChanged: Bool) {
    #if PlantedBugs
      if self.adoptWrongly(end, hasChanged: hasChanged) { return }
    #endif
    if self.knowledge == end.knowledge, self.ahead == end.ahead,
      self.ahead.isEmpty || self.digestOfRowsAhead() == end.aheadDigest
    {
      let held = self.shardVersion
      self.shardVersion =
        hasChanged ? end.shardVersion : ShardVersion.numericallyLarger(held, end.shardVersion)
      if hasChanged {
        self.counters.shardVersionsAdopted += 1
      } else if self.shardVersion != held {
        self.counters.shardVersionsGivenUp += 1
      } else {
        self.counters.shardVersionsKept += 1
      }
    } else if hasChanged {
      self.issueShardVersion()
      self.counters.shardVersionsIssuedAfterMerge += 1
    } else {
      self.counters.shardVersionsKept += 1
    }
  }

  /// A number for the set of rows beyond the knowledge; zero for none. O(rows), but only in the rare
  /// state in which there are any after a section's end.
  func digestOfRowsAhead() -> UInt64 {
    guard !self.ahead.isEmpty else { return 0 }
    let bounds = self.origins.bounds(of: self.knowledge)
    var digest: UInt64 = 0
    for (index, table) in self.tables.enumerated() {
      for slot in 0..<table.slotCount {
        let stamp = table.stamp(at: slot)
        guard stamp.sequence != 0, stamp.timestamp.rawValue > bounds[Int(stamp.origin)] else {
          continue
        }
        var row = SplitMix64.mix(table.key(at: slot) ^ SplitMix64.mix(UInt64(index)))
        row = SplitMix64.mix(row ^ stamp.timestamp.rawValue)
        row = SplitMix64.mix(row ^ self.origins[stamp.origin].rawValue)
        // A sum, so that the order of the slots does not matter.
        digest &+= row
      }
    }
    return max(digest, 1)
  }
}
