internal import EkkoCore
package import EkkoRecommender
package import EkkoReplication
internal import EkkoStorage

/// A replica in this process as an inference server reads it (Ekko §3.1): what it holds now, without
/// a request. An actor on the replica's core loop, so that a batch crosses threads once.
package actor LocalParameters: ParameterAccess {
  private let node: ReplicaNode
  private let desks: RequestDesks
  private let model: String
  private let executor: ActorExecutor

  nonisolated package var unownedExecutor: UnownedSerialExecutor { unsafe self.executor.unowned }

  package init(node: ReplicaNode, model: String) {
    self.node = node
    self.desks = RequestDesks(node: node, homes: 1)
    self.model = model
    self.executor = node.runtime.executor(for: Home(index: 0))
  }

  package func get(_ queries: [TableQuery]) async throws -> [TableRows] {
    guard let model = self.node.catalogue.model(named: self.model) else {
      throw RequestFailure.unknownModel(self.model)
    }
    var parts: [ReadRequest.Part] = []
    for query in queries {
      guard let table = model.table(named: query.table) else {
        throw RequestFailure.unknownTable(query.table)
      }
      parts.append(ReadRequest.Part(table: table, keys: query.keys))
    }
    let now = self.node.clock.now().monotonic
    let reply = try await self.desks.read(
      ReadRequest(model: model.id, missing: .initialise, parts: parts), until: now)
    return zip(queries, zip(parts, reply.parts)).map { query, answer in
      TableRows(
        table: query.table, rowLength: model.tables[Int(answer.0.table.rawValue)].rowLength,
        values: answer.1.weights, found: answer.1.origins.map { $0 != .nobody },
        created: answer.1.creations)
    }
  }

  package func push(_ updates: [TableGradients]) async throws {
    throw RequestFailure.invalid("an inference replica takes no gradients")
  }
}
