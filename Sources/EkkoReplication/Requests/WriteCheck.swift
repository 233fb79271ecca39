internal import EkkoCore
internal import EkkoStorage

/// Whether one part of a write may be applied: types, lengths, distinct keys and finite numbers
/// (DESIGN §4). The first thing wrong is named with its table and key.
struct WriteCheck {
  private let part: WriteRequest.Part
  private let model: ModelRecord

  init(of part: WriteRequest.Part, in model: ModelRecord) {
    self.part = part
    self.model = model
  }

  func run() throws(RequestFailure) {
    guard Int(self.part.table.rawValue) < self.model.tables.count else {
      throw .unknownTable("\(self.part.table.rawValue)")
    }
    let schema = self.model.tables[Int(self.part.table.rawValue)]
    try self.checkValues(schema)
    try self.checkDistinct(schema)
  }

  private func checkValues(_ schema: TableSchema) throws(RequestFailure) {
    let keyCount = self.part.keys.count
    let isNumeric = schema.valueType.isNumeric
    let holdsValues = self.part.kind != .delete
    if self.part.kind == .push, schema.optimiser == .none {
      throw .invalid("table '\(schema.name)' has no optimiser that could apply a gradient")
    }
    let (floatCount, overflow) = keyCount.multipliedReportingOverflow(
      by: holdsValues && isNumeric ? schema.rowLength : 0)
    guard !overflow, self.part.floats.count == floatCount else {
      throw .invalid(
        "table '\(schema.name)' has rows of \(schema.rowLength) numbers; \(self.part.floats.count) "
          + "numbers came for \(keyCount) keys")
    }
    guard self.part.contents.count == (holdsValues && !isNumeric ? keyCount : 0) else {
      throw .invalid(
        "\(self.part.contents.count) byte values came for \(keyCount) keys of table '\(schema.name)'"
      )
    }
    if let place = self.part.contents.firstIndex(where: { $0.count > schema.rowLength }) {
      throw .invalid(
        "the value of key \(self.part.keys[place]) of table '\(schema.name)' has "
          + "\(self.part.contents[place].count) bytes; \(schema.rowLength) is the most")
    }
    guard !self.part.floats.areFinite,
      let place = self.part.floats.values.firstIndex(where: { !$0.isFinite })
    else { return }
    throw .invalid(
      "the values of key \(self.part.keys[place / schema.rowLength]) of table '\(schema.name)' "
        + "are not all finite numbers")
  }

  private func checkDistinct(_ schema: TableSchema) throws(RequestFailure) {
    guard let repeated = self.part.keys.span.firstRepeatedPlace else { return }
    let key = self.part.keys[repeated]
    throw .invalid("key \(key) of table '\(schema.name)' appears twice in one write")
  }
}
