package import EkkoClient
package import EkkoCore
package import EkkoRecommender
internal import EkkoReplication

/// The store as a trainer sees it: reads and writes go to the primaries (Ekko §3.1).
package actor ClientParameters: ParameterAccess {
  private let client: EkkoClient
  private let model: String
  private let executor: ActorExecutor
  /// What the last push wrote: its updates, and what became of them.
  private(set) var lastPush: (updates: [TableGradients], receipt: WriteReceipt)?

  nonisolated package var unownedExecutor: UnownedSerialExecutor { unsafe self.executor.unowned }

  package init(client: EkkoClient, model: String, runtime: Runtime, home: Home) {
    self.client = client
    self.model = model
    self.executor = runtime.executor(for: home)
  }

  package func get(_ queries: [TableQuery]) async throws -> [TableRows] {
    let reads = queries.map { TableRead(table: $0.table, keys: $0.keys) }
    let rows = try await self.client.getFromPrimaries(
      reads, of: self.model, missing: .initialise)
    return zip(queries, rows).map { query, rows in
      TableRows(
        table: query.table, rowLength: rows.rowLength, values: rows.values,
        found: rows.versions.map { $0 != nil }, created: rows.created)
    }
  }

  package func push(_ updates: [TableGradients]) async throws {
    let receipt = try await self.client.write(
      updates.map { TableWrite(table: $0.table, keys: $0.keys, change: .push($0.values)) },
      to: self.model)
    self.lastPush = (updates, receipt)
  }

  func takeLastPush() -> (updates: [TableGradients], receipt: WriteReceipt)? {
    defer { self.lastPush = nil }
    return self.lastPush
  }
}
