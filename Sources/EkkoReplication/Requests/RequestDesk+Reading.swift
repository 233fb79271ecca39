internal import EkkoCore
internal import EkkoStorage

/// Reading from the local replica (Ekko §3.1): what clients' requests, and servers in the same
/// process, are answered with.
extension RequestDesk {
  /// See `RequestDesks.read`.
  func read(
    _ request: ReadRequest, until deadline: MonotonicTime, with desks: RequestDesks
  ) async throws(RequestFailure) -> ReadReply {
    guard let model = self.node.catalogue.models[request.model] else {
      throw .unknownModel("\(request.model.rawValue)")
    }
    for part in request.parts where Int(part.table.rawValue) >= model.tables.count {
      throw .unknownTable("\(part.table.rawValue)")
    }
    if !request.session.isEmpty { try await self.wait(for: request.session, until: deadline) }
    return try await self.read(request.parts, of: model, missing: request.missing, with: desks)
  }

  private func wait(
    for session: [ShardID: VersionVector], until deadline: MonotonicTime
  ) async throws(RequestFailure) {
    for (shard, vector) in session.sorted(by: { $0.key < $1.key }) {
      let held = self.node.board[shard]?.knowledge ?? VersionVector()
      for entry in vector.entries where held[entry.origin] < entry.timestamp {
        let version = ParameterVersion(timestamp: entry.timestamp, origin: entry.origin)
        guard !self.hasLost(version, of: shard),
          await self.node.board.wait(for: shard, toShow: version, until: deadline),
          !self.hasLost(version, of: shard)
        else { throw .tooLate }
      }
    }
  }

  /// Up to its seal a retired origin is known everywhere, and in no vector any more. Beyond it is lost.
  private func hasLost(_ version: ParameterVersion, of shard: ShardID) -> Bool {
    guard
      let record = self.node.catalogue.retired.first(where: { $0.incarnation == version.origin })
    else { return false }
    return version.timestamp > record.seals[shard] ?? .zero
  }

  private func read(
    _ parts: [RowReads], of model: ModelRecord, missing: MissingRows, with desks: RequestDesks
  ) async throws(RequestFailure) -> ReadReply {
    let batch = ReadBatch(parts, shardCount: model.shardCount)
    // The catalogue may be a moment ahead of the shards it describes.
    guard let actors = self.node.shards.actors(of: model.id, shards: batch.shards) else {
      throw .busy(retryAfter: .milliseconds(20))
    }
    var reply = ReadReply(
      parts: parts.map {
        ShardRows(toFill: $0.keys.count, schema: model.tables[Int($0.table.rawValue)])
      }, session: [:])
    for (home, stops) in ShardVisits(to: actors, from: self.home).stops {
      reply = await desks[home].read(batch, of: stops, missing: missing, into: consume reply)
    }
    return reply
  }

  /// Reads shards of this desk's loop, one after the other.
  private func read(
    _ batch: ReadBatch, of stops: [ShardVisits.Stop], missing: MissingRows,
    into reply: consuming ReadReply
  ) async -> ReadReply {
    let now = self.node.clock.now()
    var session = reply.session
    session.reserveCapacity(session.count + stops.count)
    var rows = (consume reply).parts
    if self.canEnter(stops) {
      self.enter(stops, with: batch, missing: missing, at: now, &rows, &session)
      return ReadReply(parts: rows, session: session)
    }
    for stop in stops {
      let (filled, seen) = await stop.actor.read(
        batch[stop.number], missing: missing, at: now, passing: consume rows)
      rows = filled
      session[stop.actor.id] = seen
    }
    return ReadReply(parts: rows, session: session)
  }

  /// The same where the shards can be entered.
  private func enter(
    _ stops: [ShardVisits.Stop], with batch: ReadBatch, missing: MissingRows, at now: Instant,
    _ rows: inout [ShardRows], _ session: inout [ShardID: VersionVector]
  ) {
    let read = ShardActor.enteringRead
    for stop in stops {
      session[stop.actor.id] = read(stop.actor, batch[stop.number], missing, now, &rows)
    }
  }
}
