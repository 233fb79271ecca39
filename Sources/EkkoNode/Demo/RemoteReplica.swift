internal import EkkoClient
internal import EkkoCore
internal import EkkoRecommender
internal import EkkoReplication
internal import EkkoStorage
internal import EkkoTransport

/// A replica in another process, reached by a client that reads only there.
struct RemoteReplica: DemoReplica {
  let name: String
  let endpoint: Endpoint
  let client: EkkoClient
  let parameters: any ParameterAccess

  init(name: String, endpoint: Endpoint, client: EkkoClient, model: String) {
    self.name = name
    self.endpoint = endpoint
    self.client = client
    self.parameters = RemoteParameters(client: client, model: model)
  }

  func answers(
    _ key: ParameterKey, of shard: ShardID, with version: ParameterVersion,
    until deadline: MonotonicTime
  ) async -> Bool {
    let request = ReadRequest(
      model: shard.model, missing: .report, session: [shard: VersionVector([version])],
      parts: [ReadRequest.Part(table: key.table, keys: [key.key])])
    guard let reply = await self.read(request, until: deadline) else { return false }
    return reply.parts.first?.holds(version, at: 0) ?? false
  }

  func missing(
    _ acknowledged: [ParameterKey: ParameterVersion], of model: ModelRecord
  ) async -> Int {
    await LocalReplica.missing(acknowledged, of: model) { request in
      await self.read(request, until: await self.client.deadline())
    }
  }

  private func read(_ request: ReadRequest, until deadline: MonotonicTime) async -> ReadReply? {
    guard
      case .reply(.rows(let reply)) = await self.client.attempt(
        .read(request), at: self.endpoint, until: deadline)
    else { return nil }
    return reply
  }

  func status(withDigests: Bool) async -> NodeStatus? {
    guard
      case .reply(.status(let status)) = await self.client.attempt(
        .status(withDigests: withDigests), at: self.endpoint, until: await self.client.deadline())
    else { return nil }
    return status
  }
}

/// What an inference server beside a replica in another process reads.
private struct RemoteParameters: ParameterAccess {
  let client: EkkoClient
  let model: String

  func get(_ queries: [TableQuery]) async throws -> [TableRows] {
    let reads = queries.map { TableRead(table: $0.table, keys: $0.keys) }
    let rows = try await self.client.get(reads, of: self.model, missing: .initialise)
    return zip(queries, rows).map { query, rows in
      TableRows(
        table: query.table, rowLength: rows.rowLength, values: rows.values,
        found: rows.versions.map { $0 != nil }, created: rows.created)
    }
  }

  func push(_ updates: [TableGradients]) async throws {
    throw EkkoError.invalid("an inference replica takes no gradients")
  }
}
