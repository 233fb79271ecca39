package import EkkoCore
package import EkkoRecommender
package import EkkoReplication
internal import EkkoStorage
internal import EkkoTransport

/// One replica as the demo sees it, in this process or in another.
package protocol DemoReplica: Sendable {
  var name: String { get }
  /// What an inference server beside this replica reads.
  var parameters: any ParameterAccess { get }

  /// Returns once the replica answers a read of `key` with `version` or a later one; false if
  /// the deadline came first.
  func answers(
    _ key: ParameterKey, of shard: ShardID, with version: ParameterVersion,
    until deadline: MonotonicTime
  ) async -> Bool

  /// How many of `acknowledged` the replica answers in an older version, or not at all.
  func missing(_ acknowledged: [ParameterKey: ParameterVersion], of model: ModelRecord) async
    -> Int

  /// What the replica says of itself; `nil` if it does not answer.
  func status(withDigests: Bool) async -> NodeStatus?
}

extension DemoReplica {
  func receivedBytes() async -> Int {
    Int(clamping: await self.status(withDigests: false)?.receivedBytes ?? 0)
  }

  func holds(_ model: String) async -> Bool {
    await self.status(withDigests: false)?.models.contains { $0.name == model } ?? false
  }
}

/// A replica in this process.
struct LocalReplica: DemoReplica {
  let store: StoreNode
  let parameters: any ParameterAccess
  private let desk: RequestDesks

  init(store: StoreNode, model: String) {
    self.store = store
    self.parameters = LocalParameters(node: store.node, model: model)
    self.desk = RequestDesks(node: store.node, homes: 1)
  }

  var name: String { self.store.node.identity.name }

  func answers(
    _ key: ParameterKey, of shard: ShardID, with version: ParameterVersion,
    until deadline: MonotonicTime
  ) async -> Bool {
    let session = [shard: VersionVector([version])]
    let request = ReadRequest(
      model: shard.model, missing: .report, session: session,
      parts: [ReadRequest.Part(table: key.table, keys: [key.key])])
    guard let reply = try? await self.desk.read(request, until: deadline) else { return false }
    return reply.parts[0].holds(version, at: 0)
  }

  func missing(
    _ acknowledged: [ParameterKey: ParameterVersion], of model: ModelRecord
  ) async -> Int {
    let now = self.store.node.clock.now().monotonic
    return await Self.missing(acknowledged, of: model) { request in
      try? await self.desk.read(request, until: now)
    }
  }

  static func missing(
    _ acknowledged: [ParameterKey: ParameterVersion], of model: ModelRecord,
    read: (ReadRequest) async -> ReadReply?
  ) async -> Int {
    var missing = 0
    for (table, entries) in Dictionary(grouping: acknowledged, by: { $0.key.table }) {
      var rest = entries[...]
      while !rest.isEmpty {
        let batch = rest.prefix(4096)
        rest = rest.dropFirst(batch.count)
        let request = ReadRequest(
          model: model.id, missing: .report,
          parts: [ReadRequest.Part(table: table, keys: batch.map(\.key.key))])
        guard let rows = await read(request)?.parts.first else {
          missing += batch.count
          continue
        }
        for (place, entry) in batch.enumerated() where !rows.holds(entry.value, at: place) {
          missing += 1
        }
      }
    }
    return missing
  }

  func status(withDigests: Bool) async -> NodeStatus? {
    await self.store.status(withDigests: withDigests)
  }
}

extension ShardRows {
  /// Whether the row at `place` is `version` or a later one.
  func holds(_ version: ParameterVersion, at place: Int) -> Bool {
    guard place < self.timestamps.count, let held = self.version(at: place) else { return false }
    return held >= version
  }
}
