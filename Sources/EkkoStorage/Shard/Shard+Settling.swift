package import EkkoCore

/// Ending the doubt about versions that were loaded from beyond the future bound (DESIGN §5.2).
///
/// Either this node's clock is behind: then they are what the others know as well, and it has only to
/// wait. Or it was ahead when they were issued: then no other replica took them, nor anything later that
/// had superseded them, and they are issued anew. To take the one for the other would bring back rows
/// that were deleted long ago.
extension Shard {
  /// - Parameters:
  ///   - isClockRight: whether this node's clock is known to agree with the others'.
  ///   - now: the stamp of what is issued anew, which a write ticket of the board gave.
  package mutating func settleLoaded(isClockRight: Bool, at now: Instant) {
    guard let latest = self.loadedBeyond else { return }
    let limit = self.latestAcceptable(at: now)
    if latest > limit {
      guard isClockRight, self.mayBeOrigin else { return }
      self.reissueRows(after: limit, at: now)
    }
    self.loadedBeyond = nil
  }

  /// The largest time in rows and vectors. O(rows).
  var latestTime: Timestamp {
    var latest =
      [self.knowledge, self.ahead, self.significantKnowledge, self.forgotten]
      .map(\.latestTime).max() ?? .zero
    for table in self.tables {
      for slot in 0..<table.slotCount where table.sequence(at: slot) != 0 {
        latest = max(latest, table.stamp(at: slot).timestamp)
      }
      latest = table.significantVersions.values.reduce(latest) { max($0, $1.timestamp) }
    }
    return latest
  }

  /// Issues the rows of a later time anew, and cuts all vectors back to what that leaves certain. Rows
  /// that stay as they are but lie beyond that are noted as such.
  private mutating func reissueRows(after limit: Timestamp, at now: Instant) {
    // Earlier than every version that is issued from now on, which may stand in for later ones.
    let certain = Timestamp(rawValue: max(1, now.wall.microseconds) << 12 - 1)
    let own = self.origins.intern(self.incarnation)
    var ahead = VersionVector()
    self.cache.clearDominator()
    for index in self.tables.indices {
      self.tables[index].makeExclusive()
      let memory = self.tables[index].memory
      for slot in 0..<self.tables[index].slotCount {
        let stamp = memory.stamp(at: slot)
        guard stamp.sequence != 0 else { continue }
        guard stamp.timestamp <= limit else {
          self.stampArrival(
            in: memory, index: index, slot: slot, timestamp: self.clock.next(wall: now.wall),
            origin: own, isTombstone: stamp.isTombstone, replaced: stamp.sequence)
          self.counters.rowsReissued += 1
          continue
        }
        if stamp.timestamp > certain, !self.origins.isRetired(stamp.origin) {
          ahead.observe(self.version(of: stamp))
        }
        if !self.cache.contains(stamp.sequence) {
          self.cache.raiseDominator(origin: stamp.origin, to: stamp.timestamp)
        }
      }
      self.tables[index].significantVersions = self.tables[index].significantVersions.filter {
        $0.value.timestamp <= limit
      }
    }
    self.knowledge.cap(at: certain)
    self.significantKnowledge.cap(at: certain)
    self.forgotten.cap(at: certain)
    self.ahead.cap(at: certain)
    self.ahead.merge(ahead)
    self.ahead = self.ahead.subtracting(self.knowledge)
    self.knowReissued()
    self.finishArrivals(at: now)
  }
}

extension VersionVector {
  fileprivate mutating func cap(at limit: Timestamp) {
    self = VersionVector(
      self.entries.map {
        ParameterVersion(timestamp: min($0.timestamp, limit), origin: $0.origin)
      })
  }
}
