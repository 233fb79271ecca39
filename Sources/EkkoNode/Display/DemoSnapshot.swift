/// How a demo is doing at one moment: what the live view, the plain lines and the `progress` lines of
/// `--json` show.
package struct DemoSnapshot: Hashable, Sendable {
  package struct DataCentre: Hashable, Sendable {
    package var name: String
    package var role: String
    package var rowsScored = 0
    /// So far; `nil` while the scored rows lack a label of one kind.
    package var areaUnderCurve: Double?
    package var logLoss: Double?
    /// Milliseconds from commit until readable.
    package var visibilityMedian: Double?
    package var visibilityP99: Double?

    package init(name: String, role: String) {
      self.name = name
      self.role = role
    }
  }

  package enum Phase: String, Hashable, Sendable {
    case starting
    /// The training data centre by itself, for `--measure-alone`.
    case measuringAlone = "measuring alone"
    case training
    /// Nothing is trained any more; the replicas catch up.
    case draining
  }

  /// Of the click log: a format's name, or `synthetic`.
  package var format: String
  package var phase = Phase.starting
  /// Since the phase began.
  package var seconds = 0.0
  /// When training ends at the latest; `nil` if only with the log, or never.
  package var secondLimit: Double?
  package var rowsTrained = 0
  package var rowsPerSecond: Double?
  package var updates = 0
  package var updatesPerSecond: Double?
  package var wireByteCount = 0
  package var dataCentres: [DataCentre] = []

  package init(format: String) { self.format = format }

  package var json: JSONValue {
    .object([
      .init("kind", .text("progress")),
      .init("phase", .text(self.phase.rawValue)),
      .init("seconds", .number(self.seconds)),
      .init("rows_trained", .integer(self.rowsTrained)),
      .init("rows_per_second", .optional(self.rowsPerSecond)),
      .init("updates", .integer(self.updates)),
      .init("updates_per_second", .optional(self.updatesPerSecond)),
      .init("wire_bytes", .integer(self.wireByteCount)),
      .init(
        "data_centers",
        .list(
          self.dataCentres.map { centre in
            .object([
              .init("name", .text(centre.name)),
              .init("role", .text(centre.role)),
              .init("rows_scored", .integer(centre.rowsScored)),
              .init("auc", .optional(centre.areaUnderCurve)),
              .init("log_loss", .optional(centre.logLoss)),
              .init("visibility_p50_ms", .optional(centre.visibilityMedian)),
              .init("visibility_p99_ms", .optional(centre.visibilityP99)),
            ])
          })),
    ])
  }

  /// The live view.
  package var panel: [String] {
    let figures = TextTable.aligned(
      [
        ["rows", Figures.grouped(self.rowsTrained), Figures.fixed(self.rowsPerSecond, 0)],
        ["updates", Figures.grouped(self.updates), Figures.fixed(self.updatesPerSecond, 0)],
      ], [.left, .right, .right])
    let centres = TextTable.aligned(
      [["DATA CENTER", "ROLE", "SCORED", "AUC", "LOG LOSS", "VISIBLE P50 MS", "P99 MS"]]
        + self.dataCentres.map { centre in
          [
            centre.name, centre.role, Figures.grouped(centre.rowsScored),
            Figures.fixed(centre.areaUnderCurve, 4), Figures.fixed(centre.logLoss, 4),
            Figures.fixed(centre.visibilityMedian, 1), Figures.fixed(centre.visibilityP99, 1),
          ]
        }, [.left, .left] + Array(repeating: .right, count: 5))
    return ["ekko demo · \(self.format) · \(self.phase.rawValue) · \(self.time)", ""]
      + figures.map { $0 + " per second" }
      + ["between replicas  \(Figures.bytes(self.wireByteCount))", ""] + centres
  }

  /// The same in one line, for where nothing can be drawn over.
  package var plainLine: String {
    let centres = self.dataCentres.map { centre in
      "\(centre.name) AUC \(Figures.fixed(centre.areaUnderCurve, 4)) "
        + "visible p99 \(Figures.fixed(centre.visibilityP99, 1)) ms"
    }
    let parts = [
      "\(self.phase.rawValue) \(self.time)",
      "\(Figures.grouped(self.rowsTrained)) rows (\(Figures.fixed(self.rowsPerSecond, 0))/s)",
    ]
    return (parts + centres).joined(separator: ", ").printable()
  }

  private var time: String {
    let now = "\(Figures.fixed(self.seconds, 1)) s"
    return self.secondLimit.map { "\(now) of \(Figures.fixed($0, 1)) s" } ?? now
  }
}
