package import EkkoReplication

/// How far one replica is behind the primaries of one model.
package struct LagReport: Report, Hashable {
  package var dataCentre: String
  package var node: String
  package var model: String
  /// Over the last minute; `nil` while it has not heard of every primary.
  package var median: Double?
  package var p99: Double?
  package var now: Double?

  /// One report per model.
  package static func reports(of lag: NodeLag) -> [LagReport] {
    lag.models.map { model in
      LagReport(
        dataCentre: lag.dataCentre, node: lag.name, model: model.name, median: model.median,
        p99: model.p99, now: model.now)
    }
  }

  package var json: JSONValue {
    .object([
      .init("data_center", .text(self.dataCentre)),
      .init("node", .text(self.node)),
      .init("model", .text(self.model)),
      .init("lag_p50_ms", .optional(self.median)),
      .init("lag_p99_ms", .optional(self.p99)),
      .init("lag_now_ms", .optional(self.now)),
    ])
  }

  package static let columns: [(title: String, alignment: TextTable.Alignment)] = [
    ("DATA CENTER", .left), ("NODE", .left), ("MODEL", .left), ("LAG P50 MS", .right),
    ("P99 MS", .right), ("NOW MS", .right),
  ]

  package var cells: [String] {
    [self.dataCentre, self.node, self.model]
      + [self.median, self.p99, self.now].map { Figures.fixed($0, 1) }
  }
}
