package import EkkoCore
package import EkkoStorage

/// Reading from the local replica (Ekko §3.1): what clients' requests, and servers in the same
/// process, are answered with.
extension ReplicaNode {
  /// Waits until the session's versions are here, then reads every part, each shard entered once.
  ///
  /// - Throws: `.tooLate` if one of them does not come in time, or is lost.
  package func read(
    _ request: ReadRequest, until deadline: MonotonicTime
  ) async throws(RequestFailure) -> ReadReply {
    guard let model = self.catalogue.models[request.model] else {
      throw .unknownModel("\(request.model.rawValue)")
    }
    for part in request.parts where Int(part.table.rawValue) >= model.tables.count {
      throw .unknownTable("\(part.table.rawValue)")
    }
    if !request.session.isEmpty { try await self.wait(for: request.session, until: deadline) }
    return try await self.read(request.parts, of: model, missing: request.missing)
  }

  private func wait(
    for session: [ShardID: VersionVector], until deadline: MonotonicTime
  ) async throws(RequestFailure) {
    for (shard, vector) in session.sorted(by: { $0.key < $1.key }) {
      let held = self.board[shard]?.knowledge ?? VersionVector()
      for entry in vector.entries where held[entry.origin] < entry.timestamp {
        let version = ParameterVersion(timestamp: entry.timestamp, origin: entry.origin)
        guard !self.hasLost(version, of: shard),
          await self.board.wait(for: shard, toShow: version, until: deadline),
          !self.hasLost(version, of: shard)
        else { throw .tooLate }
      }
    }
  }

  /// Up to its seal a retired origin is known everywhere, and in no vector any more. Beyond it is lost.
  private func hasLost(_ version: ParameterVersion, of shard: ShardID) -> Bool {
    guard
      let record = self.catalogue.retired.first(where: { $0.incarnation == version.origin })
    else { return false }
    return version.timestamp > record.seals[shard] ?? .zero
  }

  private func read(
    _ parts: [ReadRequest.Part], of model: ModelRecord, missing: MissingRows
  ) async throws(RequestFailure) -> ReadReply {
    let cuts = parts.map { ShardCut($0.keys, of: $0.table, shardCount: model.shardCount) }
    let shards = ShardCut.shards(of: cuts)
    let ids = shards.map { ShardID(model: model.id, index: $0) }
    var replies = zip(parts, cuts).map { part, cut in
      ShardRows(
        count: part.keys.count, schema: model.tables[Int(part.table.rawValue)])
    }
    var session: [ShardID: VersionVector] = [:]
    for (index, actor) in zip(shards, self.shards.actors(of: ids)) {
      // The catalogue may be a moment ahead of the shards it describes.
      guard let actor else { throw .busy(retryAfter: .milliseconds(20)) }
      session[actor.id] = self.board[actor.id]?.knowledge
      for (number, cut) in cuts.enumerated() {
        let places = cut.places(of: index)
        guard !places.isEmpty else { continue }
        let keys = places.map { parts[number].keys[Int($0)] }
        let rows = await actor.read(keys, of: parts[number].table, missing: missing)
        replies[number].scatter(rows, to: places)
        session[actor.id]?.merge(rows.versions)
      }
    }
    return ReadReply(parts: replies, session: session)
  }
}

extension ShardRows {
  /// Rows may be here before their section's end, and so beyond the knowledge: whoever has seen them
  /// must not be shown older ones elsewhere.
  fileprivate var versions: VersionVector {
    var versions = VersionVector()
    // Neighbours mostly have one origin.
    var latest: ParameterVersion?
    for (timestamp, origin) in zip(self.timestamps, self.origins) {
      guard let origin else { continue }
      if let known = latest, known.origin == origin, timestamp <= known.timestamp { continue }
      latest = ParameterVersion(timestamp: timestamp, origin: origin)
      versions.observe(ParameterVersion(timestamp: timestamp, origin: origin))
    }
    return versions
  }

  /// Puts `rows` to `places`.
  package mutating func scatter(
    _ rows: ShardRows, to places: some Collection<some BinaryInteger>
  ) {
    let length = places.isEmpty ? 0 : rows.weights.count / places.count
    for (number, place) in places.lazy.map({ Int($0) }).enumerated() {
      self.timestamps[place] = rows.timestamps[number]
      self.origins[place] = rows.origins[number]
      self.creations[place] = rows.creations[number]
      if !rows.contents.isEmpty { self.contents[place] = rows.contents[number] }
    }
    guard length > 0 else { return }
    var target = self.weights.mutableSpan
    let source = rows.weights.span
    for (number, place) in places.lazy.map({ Int($0) }).enumerated() {
      var row = target._mutatingExtracting((place * length)..<((place + 1) * length))
      let weights = source.extracting((number * length)..<((number + 1) * length))
      for element in weights.indices { row[element] = weights[element] }
    }
  }
}
