internal import EkkoCore

/// What only a shard loaded from a file needs (DESIGN §5.2, §5.8).
extension Shard {
  package static let usualFutureBound = Duration.milliseconds(500)

  mutating func markRetired(_ origins: [IncarnationID]) {
    for origin in origins {
      _ = self.origins.intern(origin)
      self.origins.retire(origin)
    }
  }

  /// Deals with rows stamped further in the future than may be: a replica of the full form writes
  /// them anew under its own id and cuts its vectors back to what it kept; another cannot.
  ///
  /// - Returns: whether the shard can be used.
  mutating func acceptLoadedTimes(at now: Instant) -> Bool {
    self.futureBound = Self.usualFutureBound
    let limit = self.latestAcceptable(at: now)
    let cutKnowledge = self.knowledge.cut(to: limit)
    let cutAhead = self.ahead.cut(to: limit)
    guard cutKnowledge != self.knowledge || cutAhead != self.ahead else { return true }
    guard self.formClass == .full else { return false }
    self.knowledge = cutKnowledge
    self.ahead = cutAhead.subtracting(cutKnowledge)
    self.significantKnowledge = self.significantKnowledge.cut(to: limit)
    self.forgotten = self.forgotten.cut(to: limit)
    let origin = self.origins.intern(self.incarnation)
    for table in self.tables.indices {
      self.tables[table].reserve(0)
      for slot in 0..<self.tables[table].slotCount {
        let stamp = self.tables[table].stamp(at: slot)
        guard stamp.sequence != 0, stamp.timestamp > limit else { continue }
        self.stampArrival(
          table: table, slot: slot, timestamp: self.clock.next(wall: now.wall), origin: origin,
          isTombstone: stamp.isTombstone, replaced: stamp.sequence)
        self.counters.rowsWritten += 1
      }
    }
    if self.clock.last > .zero {
      self.knowledge.observe(
        ParameterVersion(timestamp: self.clock.last, origin: self.incarnation))
    }
    self.issueShardVersion()
    self.finishArrivals(at: now)
    return true
  }
}

extension VersionVector {
  /// This vector with no time after `limit`.
  fileprivate func cut(to limit: Timestamp) -> VersionVector {
    VersionVector(
      self.entries.map {
        ParameterVersion(timestamp: min($0.timestamp, limit), origin: $0.origin)
      })
  }
}
