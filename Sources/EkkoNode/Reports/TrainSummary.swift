/// What `ekko-node train` has done, for its last line.
package struct TrainSummary: Hashable, Sendable {
  package var model: String
  package var rowsRead = 0
  package var rowsTrained = 0
  package var rowsSkipped = 0
  package var skippedByFieldCount: [Int: Int] = [:]
  package var trainSeconds = 0.0
  package var rowsPerSecond: Double?

  package init(model: String) { self.model = model }

  package var json: JSONValue {
    .object([
      .init("kind", .text("summary")),
      .init("model", .text(self.model)),
      .init("rows_read", .integer(self.rowsRead)),
      .init("rows_trained", .integer(self.rowsTrained)),
      .init("rows_skipped", .integer(self.rowsSkipped)),
      .init("skipped_by_field_count", DemoSummary.json(self.skippedByFieldCount)),
      .init("train_seconds", .number(self.trainSeconds)),
      .init("rows_per_second", .optional(self.rowsPerSecond)),
    ])
  }

  /// For people.
  package var line: String {
    "trained '\(self.model.printable())' on \(Figures.grouped(self.rowsTrained)) rows in "
      + "\(Figures.fixed(self.trainSeconds, 1)) s "
      + "(\(Figures.fixed(self.rowsPerSecond, 0)) per second), "
      + "\(Figures.grouped(self.rowsSkipped)) skipped"
  }
}
