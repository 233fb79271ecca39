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
    package enum Value: Hashable, Sendable {
      case number(Int)
      case word(String)
    }

    package let name: String
    package let value: Value

    package init(_ name: String, _ value: Int) {
      self.name = name
      self.value = .number(value)
    }

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = .word(value)
    }

    fileprivate var json: JSONValue.Field {
      switch self.value {
      case .number(let number): JSONValue.Field(self.name, .integer(number))
      case .word(let word): JSONValue.Field(self.name, .text(word))
      }
    }

    fileprivate var text: String {
      switch self.value {
      case .number(let number): "\(self.name) \(Figures.grouped(number))"
      case .word(let word): "\(self.name) \(word)"
      }
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
      .init("config", .object(settings.map(\.json))),
    ])
  }

  private static let widths = [16, 78, 24, 14, 14, 14]

  /// What the columns of `textLine` are.
  package static let title = Measurement.line([
    "case", "configuration", "metric", "median", "low", "high", "unit",
  ])

  /// In columns of fixed widths, so that each line can be printed as it comes.
  package var textLine: String {
    let settings = self.configuration.map(\.text)
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
