package import EkkoCore

/// Builds a shard from the items of its snapshot: a full replace that comes from a file.
package struct ShardRestoration: Sendable {
  private var shard: Shard
  private var reception: SectionReception
  private let now: Instant
  private var hasEnded = false
  private var hasReissued = false

  package init(
    _ header: SnapshotHeader, incarnation: IncarnationID, futureBound: Duration, at now: Instant
  ) {
    self.shard = Shard(
      id: header.shard, schemas: header.schemas, formClass: header.formClass,
      incarnation: incarnation, epoch: header.epoch, futureBound: futureBound)
    for origin in header.retired { self.shard.retireUnwritten(origin) }
    self.reception = SectionReception(
      nonce: SnapshotWriter.nonce, asked: VersionVector(), responder: header.incarnation)
    self.now = now
  }

  /// Takes whole items; `bytes` holds nothing else.
  package mutating func take(_ bytes: [UInt8]) throws(SnapshotError) {
    let items: [SectionItem]
    do {
      items = try SectionItem.decodeAll(bytes.span)
    } catch {
      throw .malformed(error)
    }
    for item in items {
      guard !self.hasEnded, item.shard == self.shard.id else { throw .incomplete }
      try self.take(item, in: bytes.span)
    }
    self.shard.evictLoadedRows()
  }

  private mutating func take(_ item: SectionItem, in bytes: Span<UInt8>) throws(SnapshotError) {
    switch item {
    case .begin, .other, .refused:
      _ = self.shard.receive(item, in: bytes, reception: &self.reception, at: self.now)
    case .rows(let rows):
      self.hasReissued =
        try self.shard.restore(rows, in: bytes, reception: &self.reception, at: self.now)
        || self.hasReissued
    case .end(let end):
      try self.finish(end, in: bytes)
      self.hasEnded = true
    }
  }

  /// Merges what the end says, cut back if a time in it, or among the rows, was from the future.
  private mutating func finish(_ end: SectionEnd, in bytes: Span<UInt8>) throws(SnapshotError) {
    let limit = self.shard.latestAcceptable(at: self.now)
    // What was forgotten at such a time cannot be told apart from what was not.
    if let beyond = end.forgotten.latest(after: limit) { throw .needsReplacement(beyond: beyond) }
    let beyond = [end.knowledge, end.ahead, end.significantKnowledge]
      .compactMap { $0.latest(after: limit) }.max()
    var kept = end
    if let beyond, self.shard.formClass != .full { throw .needsReplacement(beyond: beyond) }
    let isCut = self.hasReissued || beyond != nil
    if isCut {
      // Earlier than every version that is issued from now on, which may stand in for later ones.
      let certain = Timestamp(rawValue: max(1, self.now.wall.microseconds) << 12 - 1)
      kept.knowledge = end.knowledge.capped(at: certain)
      kept.ahead = end.ahead.capped(at: certain)
      kept.significantKnowledge = end.significantKnowledge.capped(at: certain)
    }
    let step = self.shard.receive(
      .end(kept), in: bytes, reception: &self.reception, at: self.now)
    switch step {
    case .ended(.merged): break
    case .ended(.refused(let refusal)): throw .refused(refusal)
    case .ended(.dropped), .progressed: throw .incomplete
    }
    if isCut { self.shard.knowReissued() }
  }

  /// The shard, if its section was complete.
  package func finish() throws(SnapshotError) -> Shard {
    guard self.hasEnded else { throw .incomplete }
    var shard = self.shard
    shard.counters = ShardCounters()
    return shard
  }
}

extension VersionVector {
  fileprivate func latest(after limit: Timestamp) -> Timestamp? {
    self.entries.map(\.timestamp).filter { $0 > limit }.max()
  }

  fileprivate func capped(at limit: Timestamp) -> VersionVector {
    VersionVector(
      self.entries.map {
        ParameterVersion(timestamp: min($0.timestamp, limit), origin: $0.origin)
      })
  }
}
