package import EkkoCore
internal import EkkoStorage

/// Writing at the primary (Ekko §4.3): the whole request is checked before any of it is applied.
extension ReplicaNode {
  /// Applies `request` and waits until it is as durable as it asks.
  package func write(
    _ request: WriteRequest, until deadline: MonotonicTime
  ) async throws(RequestFailure) -> WriteReply {
    guard let model = self.catalogue.models[request.model] else {
      throw .unknownModel("\(request.model.rawValue)")
    }
    guard request.epoch == model.epoch, request.term == model.term else { throw .staleEpoch }
    for part in request.parts { try WriteCheck(of: part, in: model).run() }
    guard self.mayWrite else { throw .busy(retryAfter: .milliseconds(100)) }

    let cuts = request.parts.map {
      ShardCut($0.keys, of: $0.table, shardCount: model.shardCount)
    }
    let indices = ShardCut.shards(of: cuts)
    let ids = indices.map { ShardID(model: model.id, index: $0) }
    for shard in ids where model.primary(of: shard) != self.nodeID {
      throw .elsewhere(self.catalogue.members[model.primary(of: shard)]?.endpoint)
    }
    let batches = zip(request.parts, cuts).map { part, cut in
      WriteBatch(part, order: cut.order, schema: model.tables[Int(part.table.rawValue)])
    }
    let actors = self.shards.actors(of: ids)
    guard actors.allSatisfy({ $0 != nil }) else { throw .busy(retryAfter: .milliseconds(20)) }

    var reply = WriteReply(
      origin: self.incarnation,
      timestamps: request.parts.map { Array(repeating: .zero, count: $0.keys.count) },
      isRepeated: false)
    let (ticket, now) = self.board.beginWrite(at: self.clock.now())
    defer { self.board.endWrite(ticket) }
    var latest: [(ShardID, ParameterVersion)] = []
    for (index, actor) in zip(indices, actors.compactMap(\.self)) {
      let involved = cuts.indices.filter { !cuts[$0].range(of: index).isEmpty }
      let writes = involved.map { batches[$0].write(cuts[$0].range(of: index)) }
      #if PlantedBugs
        let outcome = await actor.writeWrongly(
          writes, request: request.request, isSentAgain: request.isSentAgain,
          epoch: request.epoch, at: now)
      #else
        let outcome = await actor.write(
          writes, request: request.request, isSentAgain: request.isSentAgain,
          epoch: request.epoch, at: now)
      #endif
      let newest = try reply.take(outcome, parts: involved, cuts: cuts, shard: index)
      latest.append((actor.id, ParameterVersion(timestamp: newest, origin: reply.origin)))
    }
    self.board.endWrite(ticket)
    try await self.wait(for: latest, durability: request.durability, until: deadline)
    return reply
  }

  private func wait(
    for versions: [(ShardID, ParameterVersion)], durability: Durability,
    until deadline: MonotonicTime
  ) async throws(RequestFailure) {
    let isHeld =
      switch durability {
      case .primary: true
      case .replicas(let count):
        await self.wait(for: versions, heldByReplicas: count, until: deadline)
      case .dataCentres(let count):
        await self.wait(for: versions, heldByDataCentres: count, until: deadline)
      }
    guard isHeld else { throw .notDurable }
  }
}

extension WriteReply {
  /// Notes what one shard answered, and returns the largest time it issued.
  fileprivate mutating func take(
    _ outcome: ShardActor.WriteReply, parts: [Int], cuts: [ShardCut], shard: UInt32
  ) throws(RequestFailure) -> Timestamp {
    let versions: [[Timestamp]]
    switch outcome {
    case .staleEpoch: throw .staleEpoch
    case .outcome(.applied(let applied), _):
      versions = applied
    case .outcome(.repeated(let repeated), _):
      versions = repeated
      self.isRepeated = true
    case .outcome(.outsideWindow, _): throw .outsideWindow
    case .outcome(.notReady, _): throw .busy(retryAfter: .milliseconds(100))
    }
    // A repeated request that is not the same as the first has not the same answer.
    guard versions.count == parts.count else { throw .malformed }
    var newest = Timestamp.zero
    for (part, timestamps) in zip(parts, versions) {
      let places = cuts[part].places(of: shard)
      guard places.count == timestamps.count else { throw .malformed }
      newest = max(newest, self.timestamps[part].scatter(timestamps, to: places))
    }
    return newest
  }
}

extension [Timestamp] {
  /// - Returns: the largest of `timestamps`.
  fileprivate mutating func scatter(
    _ timestamps: [Timestamp], to places: ArraySlice<UInt32>
  ) -> Timestamp {
    var newest = Timestamp.zero
    for (place, timestamp) in zip(places, timestamps) {
      self[Int(place)] = timestamp
      newest = Swift.max(newest, timestamp)
    }
    return newest
  }
}

/// One part of a request, whose rows are handed to the shards without being copied.
private struct WriteBatch {
  private let part: WriteRequest.Part
  private let values: ShardWrite.Values
  private let order: [UInt32]

  init(_ part: WriteRequest.Part, order: [UInt32], schema: TableSchema) {
    self.part = part
    self.order = order
    self.values =
      if part.kind == .delete {
        .none
      } else if schema.valueType.isNumeric {
        .floats(part.floats)
      } else {
        .contents(part.contents)
      }
  }

  /// The rows at the places that are in `range` of the order, for one shard.
  func write(_ range: Range<Int>) -> ShardWrite {
    ShardWrite(
      kind: self.part.kind, table: self.part.table, keys: self.part.keys, values: self.values,
      order: self.order, range: range)
  }
}
