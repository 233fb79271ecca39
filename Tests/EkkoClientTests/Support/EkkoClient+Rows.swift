import EkkoClient

extension EkkoClient {
  /// The model `m` with one table, `rows`, of one weight each.
  func createRows() async throws {
    try await self.createModel(
      "m", shards: 4, tables: [TableSchema(name: "rows", rowLength: 1)])
  }
}
