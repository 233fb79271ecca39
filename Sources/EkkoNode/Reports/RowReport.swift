package import EkkoClient
package import EkkoCore

/// One row that `get` has read, or has found missing.
package struct RowReport: Report, Hashable {
  package enum Values: Hashable, Sendable {
    case numbers([Float])
    /// The value of a `bytes` table.
    case bytes([UInt8])
  }

  package var model: String
  package var table: String
  package var key: UInt64
  /// What the key was made of, if it was given as text; for people only.
  package var text: String?
  /// `nil` if the replica has no such row.
  package var version: ParameterVersion?
  package var values: Values

  package init(
    model: String, table: String, key: UInt64, text: String? = nil, version: ParameterVersion?,
    values: Values
  ) {
    self.model = model
    self.table = table
    self.key = key
    self.text = text
    self.version = version
    self.values = values
  }

  /// A report per key of `selection`, of the rows read for its keys.
  package static func reports(of rows: Rows, for selection: RowSelection) -> [RowReport] {
    precondition(rows.keys == selection.keys, "the rows are those of other keys")
    return rows.keys.indices.map { place in
      let contents = rows.contents.isEmpty ? nil : rows.contents[place]
      return RowReport(
        model: selection.model, table: selection.table, key: rows.keys[place],
        text: selection.texts.isEmpty ? nil : selection.texts[place],
        version: rows.versions[place],
        values: contents.map(Values.bytes) ?? .numbers(Array(rows[place])))
    }
  }

  package var json: JSONValue {
    .object([
      .init("model", .text(self.model)),
      .init("table", .text(self.table)),
      .init("key", .unsigned(self.key)),
      .init("found", .truth(self.version != nil)),
      .init("version", self.version?.json ?? .null),
      .init("values", self.jsonValues),
    ])
  }

  /// Empty where there is no row.
  private var jsonValues: JSONValue {
    guard self.version != nil else { return .list([]) }
    return switch self.values {
    case .numbers(let numbers): .list(numbers.map(JSONValue.element))
    case .bytes(let bytes): .list(bytes.map { .integer(Int($0)) })
    }
  }

  package static let columns: [(title: String, alignment: TextTable.Alignment)] = [
    ("KEY", .right), ("FEATURE", .left), ("VERSION", .left), ("VALUES", .left),
  ]

  package var cells: [String] {
    [
      String(self.key), self.text ?? "", self.version?.text ?? "no such row",
      self.version == nil ? "" : self.textValues,
    ]
  }

  private var textValues: String {
    switch self.values {
    case .numbers(let numbers): numbers.map(\.description).joined(separator: " ")
    case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
    }
  }
}
