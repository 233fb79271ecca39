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

    let batch = WriteBatch(
      request.parts.map { RowWrites($0, schema: model.tables[Int($0.table.rawValue)]) },
      shardCount: model.shardCount)
    for index in batch.shards {
      let primary = model.primary(of: ShardID(model: model.id, index: index))
      guard primary == self.nodeID else {
        throw .elsewhere(self.catalogue.members[primary]?.endpoint)
      }
    }
    let actors = self.shards.actors(of: model.id, shards: batch.shards)
    guard actors.allSatisfy({ $0 != nil }) else { throw .busy(retryAfter: .milliseconds(20)) }

    var reply = WriteReply(
      origin: self.incarnation,
      timestamps: request.parts.map { Array(repeating: .zero, count: $0.keys.count) },
      isRepeated: false)
    let (ticket, now) = self.board.beginWrite(at: self.clock.now())
    defer { self.board.endWrite(ticket) }
    var latest: [Timestamp] = []
    latest.reserveCapacity(actors.count)
    for (number, actor) in actors.enumerated() {
      guard let actor else { continue }
      let write = batch[number]
      #if PlantedBugs
        let outcome = await actor.writeWrongly(
          write, request: request.request, isSentAgain: request.isSentAgain,
          epoch: request.epoch, at: now)
      #else
        let outcome = await actor.write(
          write, request: request.request, isSentAgain: request.isSentAgain,
          epoch: request.epoch, at: now)
      #endif
      latest.append(try reply.take(outcome, of: write))
    }
    self.board.endWrite(ticket)
    if request.durability != .primary {
      let versions = zip(batch.shards, latest).map { shard, newest in
        (
          ShardID(model: model.id, index: shard),
          ParameterVersion(timestamp: newest, origin: reply.origin)
        )
      }
      try await self.wait(for: versions, durability: request.durability, until: deadline)
    }
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
  fileprivate init(_ part: WriteRequest.Part, schema: TableSchema) {
    let values: Values =
      if part.kind == .delete {
        .none
      } else if schema.valueType.isNumeric {
        .floats(part.floats)
      } else {
        .contents(part.contents)
      }
    self.init(kind: part.kind, table: part.table, keys: part.keys, values: values)
  }
}
