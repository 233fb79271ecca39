package import EkkoCore

/// Builds a shard from the items of its snapshot: a full replace that comes from a file.
package struct ShardRestoration: Sendable {
  private var shard: Shard
  private var reception: SectionReception
  private let now: Instant
  private var hasEnded = false

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
      try self.shard.restore(
        rows, in: bytes, reception: &self.reception, limit: self.limit, at: self.now)
    case .end(let end):
      try self.shard.restore(end, reception: self.reception, limit: self.limit, at: self.now)
      self.hasEnded = true
    }
  }

  /// Full rows are taken whatever their times, for this replica may issue them anew.
  private var limit: Timestamp {
    self.shard.formClass == .full
      ? Timestamp(rawValue: .max) : self.shard.latestAcceptable(at: self.now)
  }

  /// The shard, if its section was complete.
  package func finish() throws(SnapshotError) -> Shard {
    guard self.hasEnded else { throw .incomplete }
    var shard = self.shard
    shard.counters = ShardCounters()
    return shard
  }
}
