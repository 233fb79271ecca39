import EkkoCore
import EkkoStorage

/// One number for everything that can influence what happens next, so that states reached in
/// different orders are visited once. Counters for metrics are left out.
extension ExplorationState {
  package var fingerprint: UInt64 {
    var writer = ByteWriter(reservingCapacity: 1024)
    for field in [
      self.budget.writes, self.budget.pulls, self.budget.losses, self.budget.duplicates,
      self.budget.restarts, self.budget.prunings, self.exchanges.count,
    ] { writer.write(UInt16(field)) }
    for replica in self.replicas { Self.write(replica, into: &writer) }
    for exchange in self.exchanges { Self.write(exchange, into: &writer) }
    if let duplicate = self.duplicate {
      writer.write(UInt64(duplicate.requester))
      writer.write(bytes: duplicate.bytes)
    }
    return XXH64.hash(writer.bytes.span)
  }

  private static func write(_ shard: Shard, into writer: inout ByteWriter) {
    writer.write(shard.incarnation)
    writer.write(shard.knowledge)
    writer.write(shard.ahead)
    writer.write(shard.shardVersion)
    writer.write(shard.issuedCounter)
    writer.write(shard.clock.last)
    let table = shard.tables[0]
    // Arrivals count only by their order: their absolute numbers differ between equal states.
    let slots = (0..<table.slotCount).sorted { table.sequence(at: $0) < table.sequence(at: $1) }
    for slot in slots {
      let stamp = table.stamp(at: slot)
      writer.write(table.key(at: slot))
      writer.write(stamp.timestamp)
      writer.write(shard.origins[stamp.origin])
      writer.write(stamp.sequence > shard.cache.prunedThrough)
    }
    for (origin, bound) in shard.cache.dominator.enumerated() where bound > 0 {
      writer.write(shard.origins[UInt32(origin)])
      writer.write(bound)
    }
    for walk in shard.walks { Self.write(walk, of: table, into: &writer) }
  }

  private static func write(_ walk: Walk, of table: RowTable, into writer: inout ByteWriter) {
    writer.write(walk.nonce)
    writer.write(walk.asked)
    writer.write(walk.knowledge)
    writer.write(walk.entryCount)
    switch walk.position {
    case .cache(let cursor):
      writer.write(UInt8(1))
      for slot in 0..<table.slotCount {
        let sequence = table.sequence(at: slot)
        writer.write(sequence > cursor && sequence <= walk.mark)
      }
    case .scan(let cursor):
      writer.write(UInt8(2))
      writer.write(cursor.table)
      writer.write(cursor.slot)
    }
    for reference in walk.rewritten { writer.write(reference.slot) }
  }

  private static func write(_ exchange: Exchange, into writer: inout ByteWriter) {
    writer.write(UInt8(exchange.requester))
    writer.write(UInt8(exchange.responder))
    writer.write(exchange.request.nonce)
    writer.write(exchange.request.knowledge)
    writer.write(exchange.reception.entryCount)
    writer.write(exchange.reception.isBroken)
    writer.write(exchange.reception.mode?.rawValue ?? 0)
    writer.write(exchange.isSent)
    writer.write(exchange.walk != nil)
    for piece in exchange.inFlight {
      writer.write(UInt32(piece.count))
      writer.write(bytes: piece)
    }
  }
}
