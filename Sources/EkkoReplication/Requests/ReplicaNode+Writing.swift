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
    let indices = Set(cuts.flatMap { $0.places.keys }).sorted()
    let ids = indices.map { ShardID(model: model.id, index: $0) }
    for shard in ids where model.primary(of: shard) != self.nodeID {
      throw .elsewhere(self.catalogue.members[model.primary(of: shard)]?.endpoint)
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
      let involved = cuts.indices.filter { cuts[$0].places[index] != nil }
      let writes = involved.map {
        request.parts[$0].extract(
          cuts[$0].places[index]!, schema: model.tables[Int(request.parts[$0].table.rawValue)])
      }
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
      let places = cuts[part].places[shard] ?? []
      guard places.count == timestamps.count else { throw .malformed }
      for (place, timestamp) in zip(places, timestamps) {
        self.timestamps[part][place] = timestamp
        newest = max(newest, timestamp)
      }
    }
    return newest
  }
}

extension WriteRequest.Part {
  /// The rows at `places`, for one shard.
  fileprivate func extract(_ places: [Int], schema: TableSchema) -> ShardWrite {
    let values: ShardWrite.Values
    if self.kind == .delete {
      values = .none
    } else if schema.valueType.isNumeric {
      let length = schema.rowLength
      var rows: [Float] = []
      rows.reserveCapacity(places.count * length)
      for place in places {
        rows.append(contentsOf: self.floats[(place * length)..<((place + 1) * length)])
      }
      values = .floats(rows)
    } else {
      values = .contents(places.map { self.contents[$0] })
    }
    return ShardWrite(
      kind: self.kind, table: self.table, keys: places.map { self.keys[$0] }, values: values)
  }
}
