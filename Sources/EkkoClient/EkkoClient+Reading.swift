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
  /// - Throws: `EkkoError.tooLate` if the replica does not catch up in time.
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
    let record = try await self.record(of: model)
    var parts: [ReadRequest.Part] = []
    for read in reads {
      parts.append(
        ReadRequest.Part(table: try self.table(read.table, of: record), keys: read.keys))
    }
    let request = ReadRequest(
      model: record.id, missing: missing == .report ? .report : .initialise,
      session: session.seen.filter { $0.key.model == record.id }, parts: parts)
    guard case .rows(let reply) = try await self.askNearest(.read(request)),
      reply.parts.count == parts.count
    else { throw .malformedReply }
    session.merge(reply.session)
    var all: [Rows] = []
    for (part, rows) in zip(parts, reply.parts) {
      let schema = record.tables[Int(part.table.rawValue)]
      let elements = schema.valueType.isNumeric ? part.keys.count * schema.rowLength : 0
      guard rows.timestamps.count == part.keys.count, rows.weights.count == elements,
        rows.contents.count == (schema.valueType.isNumeric ? 0 : part.keys.count)
      else { throw .malformedReply }
      all.append(Rows(keys: part.keys, rowLength: schema.rowLength, rows: rows))
    }
    return all
  }
}
