import EkkoCore
import EkkoStorage

/// One number for everything that can influence what happens next or what is checked, so that states
/// reached in different orders are visited once.
///
/// Left out is what only counts or names: metrics, walk numbers, nonces (exchanges are told apart by
/// who asks whom), absolute arrival sequences, and the budgets: see `VisitedStates`.
extension ExplorationState {
  package var fingerprint: UInt64 {
    var digest = StateDigest()
    for replica in self.replicas { digest.add(replica) }
    digest.hash.add(self.exchanges.count)
    for exchange in self.exchanges {
      digest.add(exchange, responder: self.replicas[exchange.responder], planting: self.trap != nil)
    }
    if let duplicate = self.duplicate {
      digest.hash.add(duplicate.requester)
      digest.hash.add(
        self.exchanges.firstIndex {
          $0.requester == duplicate.requester && $0.request.nonce == duplicate.nonce
        } ?? -1)
      digest.add(piece: duplicate.bytes)
    }
    for case let file? in self.files { digest.add(piece: file.items) }
    digest.add(self.issued)
    if self.trap != nil { self.planted.add(to: &digest.hash) }
    return digest.hash.value
  }
}

/// Hashes the parts of a state.
private struct StateDigest {
  var hash = StateHash()

  private mutating func add(_ version: ParameterVersion) {
    self.hash.add(version.origin.rawValue)
    self.hash.add(version.timestamp.rawValue)
  }

  private mutating func add(_ vector: VersionVector) {
    self.hash.add(vector.count)
    for entry in vector.entries {
      self.hash.add(entry.origin.rawValue)
      self.hash.add(entry.timestamp.rawValue)
    }
  }

  mutating func add(_ shard: Shard) {
    self.hash.add(shard.incarnation.rawValue)
    self.add(shard.knowledge)
    self.add(shard.ahead)
    self.hash.add(shard.shardVersion)
    self.hash.add(shard.issuedCounter)
    self.hash.add(shard.clock.last.rawValue)
    let table = shard.tables[0]
    // A scan goes by slots, and only an asker below the DVV is answered by one.
    let isScanned = !shard.cache.isHit(bounds: [])
    self.hash.add(isScanned)
    for (origin, bound) in shard.cache.dominator.enumerated() where bound > 0 {
      self.hash.add(shard.origins[UInt32(origin)].rawValue)
      self.hash.add(bound)
    }
    // Arrivals count only by their order: their absolute numbers differ between equal states.
    let slots = (0..<table.slotCount).sorted { table.sequence(at: $0) < table.sequence(at: $1) }
    for slot in slots {
      let stamp = table.stamp(at: slot)
      self.hash.add(table.key(at: slot) << 8 | UInt64(isScanned ? slot : 0))
      self.hash.add(stamp.isTombstone)
      self.hash.add(stamp.sequence > shard.cache.prunedThrough)
      self.add(
        ParameterVersion(timestamp: stamp.timestamp, origin: shard.origins[stamp.origin]))
    }
    self.hash.add(shard.walks.count)
  }

  mutating func add(
    _ exchange: ExplorationState.Exchange, responder: Shard, planting isPlanting: Bool
  ) {
    self.hash.add(exchange.requester << 8 | exchange.responder)
    self.add(exchange.request.knowledge)
    self.hash.add(exchange.reception.entryCount)
    self.hash.add(exchange.reception.isBroken)
    self.hash.add(UInt64(exchange.reception.mode?.rawValue ?? 0))
    self.hash.add(exchange.reception.responder.rawValue)
    self.hash.add(exchange.isSent)
    self.hash.add(exchange.isIntact)
    for piece in exchange.inFlight { self.add(piece: piece) }
    if let walk = responder.walks.first(where: { $0.id == exchange.walk }) {
      self.add(walk, of: responder.tables[0])
    }
    if isPlanting {
      self.hash.add(exchange.accepted.count)
      self.hash.add(UInt64(exchange.accepted.checksum.finalize()))
      if let claim = exchange.claim { self.hash.add(claim) }
    }
  }

  private mutating func add(_ walk: Walk, of table: RowTable) {
    self.add(walk.knowledge)
    self.add(walk.ahead)
    self.hash.add(walk.aheadDigest)
    self.hash.add(walk.shardVersion)
    self.hash.add(walk.entryCount)
    switch walk.position {
    case .cache(let cursor):
      // What is still ahead on the way, row by row.
      for slot in 0..<table.slotCount {
        let sequence = table.sequence(at: slot)
        self.hash.add(sequence <= cursor ? 1 : sequence <= walk.mark ? 2 : 3)
        self.hash.add(table.key(at: slot))
      }
    case .scan(let cursor):
      self.hash.add(4)
      self.hash.add(Int(cursor.table) << 32 | Int(cursor.slot))
      self.hash.add(walk.slotLimits[0])
    }
    for reference in walk.rewritten { self.hash.add(table.key(at: Int(reference.slot))) }
  }

  mutating func add(_ issued: [ExplorationState.Update]) {
    for update in issued {
      self.add(update.version)
      self.hash.add(update.key)
    }
  }

  /// A piece under way by its content, whatever names it bears.
  mutating func add(piece bytes: [UInt8]) {
    guard let items = try? SectionItem.decodeAll(bytes.span) else {
      return self.hash.add(bytes: bytes)
    }
    for item in items {
      switch item {
      case .begin(let begin):
        self.hash.add(1)
        self.hash.add(begin.responder.rawValue)
      case .rows(let rows):
        self.hash.add(2)
        // Behind shard and nonce everything is content.
        let body = bytes.span.extracting(rows.body)
        self.hash.add(XXH64.hash(body.extracting(16..<body.count)))
      case .end(let end):
        self.hash.add(3)
        self.hash.add(end.responder.rawValue)
        self.add(end.knowledge)
        self.add(end.ahead)
        self.hash.add(end.aheadDigest)
        self.hash.add(end.shardVersion)
        self.hash.add(end.entryCount)
      case .refused, .other:
        self.hash.add(4)
      }
    }
  }
}

extension ExplorationState.PlantedState {
  fileprivate func add(to hash: inout StateHash) {
    if let pending = self.pending {
      hash.add(pending.replica)
      hash.add(pending.update.key)
      hash.add(pending.update.version.timestamp.rawValue)
    }
    hash.add(self.early ?? -1)
    for replica in self.loaded.keys.sorted() { hash.add(replica) }
    for replica in self.isLater.sorted() { hash.add(replica) }
  }
}
