internal import EkkoCore
internal import EkkoReplication
internal import EkkoStorage

/// Reading from the nearest replica (Ekko §3.1).
extension EkkoClient {
  /// Reads rows of one table, in the order of `keys`; a key may be repeated.
  public func get(
    _ keys: [UInt64], from table: String, of model: String, missing: MissingRow = .report
  ) async throws(EkkoError) -> Rows {
    let rows = try await self.get(
      [TableRead(table: table, keys: keys)], of: model, missing: missing)
    return rows[0]
  }

  /// Reads rows of several tables in one request.
  public func get(
    _ reads: [TableRead], of model: String, missing: MissingRow = .report
  ) async throws(EkkoError) -> [Rows] {
    var session = Session()
    return try await self.read(reads, of: model, missing: missing, session: &session)
  }

  /// Reads at least what `session` has seen, waiting for it if the replica is behind, and notes what
  /// was seen now.
  ///
  /// - Throws: `EkkoError.tooLate` if the replica does not catch up in time, or what was seen is lost.
  public func get(
    _ reads: [TableRead], of model: String, missing: MissingRow = .report,
    session: inout Session
  ) async throws(EkkoError) -> [Rows] {
    var copy = session
    let rows = try await self.read(reads, of: model, missing: missing, session: &copy)
    session = copy
    return rows
  }

  private func read(
    _ reads: [TableRead], of model: String, missing: MissingRow, session: inout Session
  ) async throws(EkkoError) -> [Rows] {
    let record = try await self.record(of: model, with: reads.map(\.table))
    var parts: [ReadRequest.Part] = []
    for read in reads {
      parts.append(
        ReadRequest.Part(table: try self.table(read.table, of: record), keys: read.keys))
    }
    let request = ReadRequest(
      model: record.id, missing: missing == .report ? .report : .initialise,
      session: session.seen.filter { $0.key.model == record.id }, parts: parts)
    guard case .rows(let reply) = try await self.askNearest(.read(request)) else {
      throw .malformedReply
    }
    session.merge(reply.session)
    return try Self.rows(of: reply.parts, for: parts, of: record)
  }

  private static func rows(
    of replies: [ShardRows], for parts: [ReadRequest.Part], of record: ModelRecord
  ) throws(EkkoError) -> [Rows] {
    guard replies.count == parts.count else { throw .malformedReply }
    var all: [Rows] = []
    for (part, rows) in zip(parts, replies) {
      let schema = record.tables[Int(part.table.rawValue)]
      let elements = schema.valueType.isNumeric ? part.keys.count * schema.rowLength : 0
      guard rows.timestamps.count == part.keys.count, rows.weights.count == elements,
        rows.contents.count == (schema.valueType.isNumeric ? 0 : part.keys.count)
      else { throw .malformedReply }
      all.append(Rows(keys: part.keys, rowLength: schema.rowLength, rows: rows))
    }
    return all
  }

  /// Reads each row where it is written, so that a reader sees all that was acknowledged: what a
  /// trainer does (Ekko §3.1). Costs a request to every primary.
  public func getFromPrimaries(
    _ reads: [TableRead], of model: String, missing: MissingRow = .report
  ) async throws(EkkoError) -> [Rows] {
    let deadline = self.deadline()
    let record = try await self.record(of: model, with: reads.map(\.table))
    var parts: [ReadRequest.Part] = []
    for read in reads {
      parts.append(
        ReadRequest.Part(table: try self.table(read.table, of: record), keys: read.keys))
    }
    let plans = PrimaryRead.plans(for: parts, of: record)
    let mode: MissingRows = missing == .report ? .report : .initialise
    let replies = await withTaskGroup(of: (Int, Result<ReadReply, EkkoError>).self) { group in
      for (number, plan) in plans.enumerated() {
        let request = ReadRequest(model: record.id, missing: mode, parts: plan.parts)
        group.addTask { (number, await self.read(request, at: plan.primary, until: deadline)) }
      }
      var replies: [Int: Result<ReadReply, EkkoError>] = [:]
      for await (number, reply) in group { replies[number] = reply }
      return replies
    }
    var gathered = parts.map { part in
      ShardRows(count: part.keys.count, schema: record.tables[Int(part.table.rawValue)])
    }
    for (number, plan) in plans.enumerated() {
      guard let reply = try replies[number]?.get(), reply.parts.count == plan.parts.count else {
        throw .malformedReply
      }
      for (source, rows) in zip(plan.sources, reply.parts) {
        guard rows.timestamps.count == source.places.count else { throw .malformedReply }
        gathered[source.part].scatter(rows, to: source.places)
      }
    }
    return try Self.rows(of: gathered, for: parts, of: record)
  }

  private func read(
    _ request: ReadRequest, at primary: NodeID, until deadline: MonotonicTime
  ) async -> Result<ReadReply, EkkoError> {
    var pause = RetryPause()
    while true {
      var atLeast = Duration.zero
      var why = "the primary is not known"
      if let endpoint = self.endpoint(of: primary) {
        switch await self.attempt(.read(request), at: endpoint, until: deadline) {
        case .reply(.rows(let reply)): return .success(reply)
        case .reply: return .failure(.malformedReply)
        case .failed(let failure): return .failure(EkkoError(failure))
        case .again(let least, let reason, _):
          atLeast = least
          why = reason
        }
      }
      do throws(EkkoError) {
        try await self.wait(
          pause.take(atLeast: atLeast, using: &self.generator), until: deadline, why)
        try await self.refresh(until: deadline)
      } catch {
        return .failure(error)
      }
    }
  }
}

/// The part of a read that one primary gets.
private struct PrimaryRead: Sendable {
  let primary: NodeID
  var parts: [ReadRequest.Part] = []
  /// For each of `parts`, which of the read's parts it belongs to and the places of its keys there.
  var sources: [(part: Int, places: [Int])] = []

  static func plans(for parts: [ReadRequest.Part], of model: ModelRecord) -> [PrimaryRead] {
    var plans: [NodeID: PrimaryRead] = [:]
    for (number, part) in parts.enumerated() {
      for (node, places) in model.placesByPrimary(of: part.keys, in: part.table) {
        let own = ReadRequest.Part(table: part.table, keys: places.map { part.keys[$0] })
        plans[node, default: PrimaryRead(primary: node)].parts.append(own)
        plans[node]?.sources.append((number, places))
      }
    }
    return plans.values.sorted { $0.primary < $1.primary }
  }
}

extension ModelRecord {
  /// The places of `keys` by the node that is their primary, ascending.
  func placesByPrimary(of keys: [UInt64], in table: TableID) -> [NodeID: [Int]] {
    if self.trainingNodes.count == 1 { return [self.trainingNodes[0]: Array(keys.indices)] }
    let cut = ShardCut(keys, of: table, shardCount: self.shardCount)
    var places: [NodeID: [Int]] = [:]
    for index in cut.shards {
      places[self.primary(of: ShardID(model: self.id, index: index)), default: []] +=
        cut.places(of: index).map(Int.init)
    }
    return places.mapValues { $0.sorted() }
  }
}

extension ShardRows {
  /// Puts `rows` to `places`.
  fileprivate mutating func scatter(_ rows: ShardRows, to places: [Int]) {
    let length = places.isEmpty ? 0 : rows.weights.count / places.count
    for (number, place) in places.enumerated() {
      self.timestamps[place] = rows.timestamps[number]
      self.origins[place] = rows.origins[number]
      self.creations[place] = rows.creations[number]
      if !rows.contents.isEmpty { self.contents[place] = rows.contents[number] }
      for element in 0..<length {
        self.weights[place * length + element] = rows.weights[number * length + element]
      }
    }
  }
}
