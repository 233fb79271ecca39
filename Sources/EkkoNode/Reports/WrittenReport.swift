package import EkkoClient
package import EkkoCore

/// One key that `put` or `delete` has written.
package struct WrittenReport: Report, Hashable {
  package var model: String
  package var table: String
  package var key: UInt64
  package var text: String?
  /// `nil` if the table did not admit the key.
  package var version: ParameterVersion?

  package init(
    model: String, table: String, key: UInt64, text: String? = nil, version: ParameterVersion?
  ) {
    self.model = model
    self.table = table
    self.key = key
    self.text = text
    self.version = version
  }

  /// A report per key of `selection`, of the one write made for its keys.
  package static func reports(
    of receipt: WriteReceipt, for selection: RowSelection
  ) -> [WrittenReport] {
    zip(selection.keys.indices, receipt.versions.first ?? []).map { place, version in
      WrittenReport(
        model: selection.model, table: selection.table, key: selection.keys[place],
        text: selection.texts.isEmpty ? nil : selection.texts[place], version: version)
    }
  }

  package var json: JSONValue {
    .object([
      .init("model", .text(self.model)),
      .init("table", .text(self.table)),
      .init("key", .unsigned(self.key)),
      .init("version", self.version?.json ?? .null),
    ])
  }

  package static let columns: [(title: String, alignment: TextTable.Alignment)] = [
    ("KEY", .right), ("FEATURE", .left), ("VERSION", .left),
  ]

  package var cells: [String] {
    [String(self.key), self.text ?? "", self.version?.text ?? "not admitted"]
  }
}
