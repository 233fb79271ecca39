internal import EkkoCore
internal import EkkoStorage

/// Writing at the primary (Ekko §4.3): the whole request is checked before any of it is applied.
extension RequestDesk {
  /// See `RequestDesks.write`.
  func write(
    _ request: WriteRequest, until deadline: MonotonicTime, with desks: RequestDesks
  ) async throws(RequestFailure) -> WriteReply {
    guard let model = self.node.catalogue.models[request.model] else {
      throw .unknownModel("\(request.model.rawValue)")
    }
    guard request.epoch == model.epoch, request.term == model.term else { throw .staleEpoch }
    for part in request.parts { try WriteCheck(of: part, in: model).run() }
    guard self.node.mayWrite else { throw .busy(retryAfter: .milliseconds(100)) }

    let batch = WriteBatch(
      request.parts.map { RowWrites($0, schema: model.tables[Int($0.table.rawValue)]) },
      shardCount: model.shardCount)
    for index in batch.shards {
      let primary = model.primary(of: ShardID(model: model.id, index: index))
      guard primary == self.node.nodeID else {
        throw .elsewhere(self.node.catalogue.members[primary]?.endpoint)
      }
    }
    guard let actors = self.node.shards.actors(of: model.id, shards: batch.shards) else {
      throw .busy(retryAfter: .milliseconds(20))
    }

    var reply = WriteReply(
      origin: self.node.incarnation,
      timestamps: request.parts.map { Array(repeating: .zero, count: $0.keys.count) },
      isRepeated: false)
    let (ticket, now) = self.node.board.beginWrite(at: self.node.clock.now())
    defer { self.node.board.endWrite(ticket) }
    var latest: [(ShardID, ParameterVersion)] = []
    for (home, stops) in ShardVisits(to: actors, from: self.home).stops {
      let outcomes = await desks[home].write(batch, to: stops, for: request, at: now)
      for (stop, outcome) in zip(stops, outcomes) {
        let newest = try reply.take(outcome, of: batch[stop.number])
        guard request.durability != .primary else { continue }
        latest.append(
          (stop.actor.id, ParameterVersion(timestamp: newest, origin: reply.origin)))
      }
    }
    self.node.board.endWrite(ticket)
    if request.durability != .primary {
      try await self.wait(for: latest, durability: request.durability, until: deadline)
    }
    return reply
  }

  /// Writes to shards of this desk's loop, one after the other, up to one that does not take it.
  private func write(
    _ batch: WriteBatch, to stops: [ShardVisits.Stop], for request: WriteRequest, at now: Instant
  ) async -> [ShardActor.WriteReply] {
    guard !self.canEnter(stops) else {
      return self.enter(stops, with: batch, for: request, at: now)
    }
    var outcomes: [ShardActor.WriteReply] = []
    for stop in stops {
      #if PlantedBugs
        let outcome = await stop.actor.writeWrongly(
          batch[stop.number], request: request.request, isSentAgain: request.isSentAgain,
          epoch: request.epoch, at: now)
      #else
        let outcome = await stop.actor.write(batch[stop.number], of: request, at: now)
      #endif
      outcomes.append(outcome)
      guard outcome.isTaken else { break }
    }
    return outcomes
  }

  /// The same where the shards can be entered.
  private func enter(
    _ stops: [ShardVisits.Stop], with batch: WriteBatch, for request: WriteRequest,
    at now: Instant
  ) -> [ShardActor.WriteReply] {
    let write = ShardActor.enteringWrite
    var outcomes: [ShardActor.WriteReply] = []
    outcomes.reserveCapacity(stops.count)
    for stop in stops {
      let outcome = write(
        stop.actor, batch[stop.number], request.request, request.isSentAgain, request.epoch, now)
      outcomes.append(outcome)
      guard outcome.isTaken else { break }
    }
    return outcomes
  }

  private func wait(
    for versions: [(ShardID, ParameterVersion)], durability: Durability,
    until deadline: MonotonicTime
  ) async throws(RequestFailure) {
    let isHeld =
      switch durability {
      case .primary: true
      case .replicas(let count):
        await self.node.wait(for: versions, heldByReplicas: count, until: deadline)
      case .dataCentres(let count):
        await self.node.wait(for: versions, heldByDataCentres: count, until: deadline)
      }
    guard isHeld else { throw .notDurable }
  }
}

extension ShardActor {
  fileprivate func write(
    _ write: ShardWrite, of request: WriteRequest, at now: Instant
  ) -> WriteReply {
    self.write(
      write, request: request.request, isSentAgain: request.isSentAgain, epoch: request.epoch,
      at: now)
  }
}

extension ShardActor.WriteReply {
  fileprivate var isTaken: Bool {
    switch self {
    case .outcome(.applied, _), .outcome(.repeated, _): true
    case .outcome, .staleEpoch: false
    }
  }
}

extension WriteReply {
  /// Notes what one shard answered, and returns the largest time it issued.
  fileprivate mutating func take(
    _ outcome: ShardActor.WriteReply, of write: ShardWrite
  ) throws(RequestFailure) -> Timestamp {
    let times: IssuedTimes
    switch outcome {
    case .staleEpoch: throw .staleEpoch
    case .outcome(.applied(let applied), _):
      times = applied
    case .outcome(.repeated(let repeated), _):
      times = repeated
      self.isRepeated = true
    case .outcome(.outsideWindow, _): throw .outsideWindow
    case .outcome(.notReady, _): throw .busy(retryAfter: .milliseconds(100))
    }
    guard write.matches(times) else { throw .malformed }
    write.scatter(times, to: &self.timestamps)
    return times.newest
  }
}

extension RowWrites {
  fileprivate convenience init(_ part: WriteRequest.Part, schema: TableSchema) {
    let values: Values =
      if part.kind == .delete {
        .none
      } else if schema.valueType.isNumeric {
        .numbers(part.floats)
      } else {
        .contents(part.contents)
      }
    self.init(kind: part.kind, table: part.table, keys: part.keys, values: values)
  }
}
