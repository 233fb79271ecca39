package import EkkoNode

/// One line of results: one metric of one case under one configuration (DESIGN §13).
package struct Measurement: Hashable, Sendable {
  package let experiment: String
  package let testCase: String
  package let metric: Metric
  package let samples: Samples
  /// What varies between lines of the same case and metric, in the order it is shown.
  package let configuration: [Setting]

  package struct Setting: Hashable, Sendable {
    package let name: String
    package let value: Int

    package init(_ name: String, _ value: Int) {
      self.name = name
      self.value = value
    }
  }

  package init(
    _ experiment: String, _ testCase: String, _ metric: Metric, _ samples: Samples,
    _ configuration: [Setting] = []
  ) {
    self.experiment = experiment
    self.testCase = testCase
    self.metric = metric
    self.samples = samples
    self.configuration = configuration
  }

  package var json: JSONValue {
    let settings = self.configuration + [Setting("repeats", self.samples.count)]
    return .object([
      .init("experiment", .text(self.experiment)), .init("case", .text(self.testCase)),
      .init("metric", .text(self.metric.rawValue)), .init("value", .number(self.samples.median)),
      .init("low", .number(self.samples.low)), .init("high", .number(self.samples.high)),
      .init("unit", .text(self.metric.unit)),
      .init("config", .object(settings.map { .init($0.name, .integer($0.value)) })),
    ])
  }

  private static let widths = [20, 50, 24, 16, 16, 16]

  /// What the columns of `textLine` are.
  package static let title = Measurement.line([
    "case", "configuration", "metric", "median", "low", "high", "unit",
  ])

  /// In columns of fixed widths, so that each line can be printed as it comes.
  package var textLine: String {
    let settings = self.configuration.map { "\($0.name) \(Figures.grouped($0.value))" }
    return Self.line([
      self.testCase, settings.joined(separator: ", "), self.metric.rawValue,
      self.metric.text(self.samples.median), self.metric.text(self.samples.low),
      self.metric.text(self.samples.high), self.metric.unit,
    ])
  }

  private static func line(_ cells: [String]) -> String {
    cells.enumerated().map { column, cell in
      guard column < Self.widths.count else { return cell }
      let padding = String(repeating: " ", count: max(0, Self.widths[column] - cell.count))
      return (column < 3 ? cell + padding : padding + cell) + " "
    }.joined(separator: " ")
  }
}

/// What is measured, with its unit.
package enum Metric: String, Hashable, Sendable {
  case rowsPerSecond = "rows_per_second"
  case bytesPerSecond = "bytes_per_second"
  case fractionOfLimit = "fraction_of_limit"
  case overheadBytesPerRow = "overhead_bytes_per_row"
  case growthPauseMax = "growth_pause_max_ms"

  package var unit: String {
    switch self {
    case .rowsPerSecond: "rows/s"
    case .bytesPerSecond: "B/s"
    case .fractionOfLimit: "ratio"
    case .overheadBytesPerRow: "B/row"
    case .growthPauseMax: "ms"
    }
  }

  fileprivate func text(_ value: Double) -> String {
    switch self {
    case .rowsPerSecond, .bytesPerSecond: Figures.fixed(value, 0)
    case .fractionOfLimit: Figures.fixed(value, 3)
    case .overheadBytesPerRow: Figures.fixed(value, 1)
    case .growthPauseMax: Figures.fixed(value, 2)
    }
  }
}
