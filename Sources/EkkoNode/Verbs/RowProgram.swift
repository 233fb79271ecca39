internal import EkkoClient
internal import EkkoReplication
internal import EkkoStorage

/// `get`, `put` and `delete`: rows of one table.
enum RowProgram {
  static func get(_ options: GetOptions) async throws(Failure) {
    let rows = options.rows
    let read = try await options.cluster.withClient(doing: "cannot read table '\(rows.table)'") {
      (client) throws(EkkoError) in
      try await client.get(rows.keys, from: rows.table, of: rows.model)
    }
    try StandardStream.output.print(
      RowReport.reports(of: read, for: rows).lines(asJSON: options.json))
  }

  static func put(_ options: PutOptions) async throws(Failure) {
    let rows = options.rows
    let values = options.values
    try await Self.write(
      rows, .put(values.flatMap(\.self)), options.durability, options.cluster, json: options.json
    ) { (client) throws(EkkoError) in
      // The client sees only how many numbers there are in all: one row may not lend to another.
      let tables = try await client.tables(of: rows.model)
      guard let table = tables.first(where: { $0.name == rows.table }) else { return }
      for (key, row) in zip(rows.keys, values) where row.count != table.rowLength {
        throw .invalid(
          "\(row.count) values came for key \(key), and a row of table '\(rows.table)' has "
            + "\(table.rowLength)")
      }
    }
  }

  static func delete(_ options: DeleteOptions) async throws(Failure) {
    try await Self.write(
      options.rows, .delete, options.durability, options.cluster, json: options.json)
  }

  private static func write(
    _ rows: RowSelection, _ change: TableWrite.Change, _ durability: Durability,
    _ cluster: ClusterAccess, json: Bool,
    check: (EkkoClient) async throws(EkkoError) -> Void = { (_) throws(EkkoError) in }
  ) async throws(Failure) {
    let receipt = try await cluster.withClient(doing: "cannot write table '\(rows.table)'") {
      (client) throws(EkkoError) in
      try await check(client)
      return try await client.write(
        [TableWrite(table: rows.table, keys: rows.keys, change: change)], to: rows.model,
        durability: durability)
    }
    try StandardStream.output.print(
      WrittenReport.reports(of: receipt, for: rows).lines(asJSON: json))
  }
}
