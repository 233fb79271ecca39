/// The figures of one case under one load, as they are measured.
struct ReplicateFigures: Sendable {
  let testCase: String
  let settings: [Measurement.Setting]
  private var values: [Metric: [Double]] = [:]
  private var order: [Metric] = []

  init(_ testCase: String, _ settings: [Measurement.Setting]) {
    self.testCase = testCase
    self.settings = settings
  }

  mutating func add(_ metric: Metric, _ value: Double) {
    if self.values[metric] == nil { self.order.append(metric) }
    self.values[metric, default: []].append(value)
  }

  /// Rows that were written or read.
  mutating func add(_ window: LoadWindow) {
    self.add(.rowsPerSecond, window.rowsPerSecond)
    if let time = window.microsecondsPerRow { self.add(.processorTimePerUpdate, time) }
    if let time = window.clientMicrosecondsPerRow { self.add(.clientTimePerUpdate, time) }
    self.add(.callsRefused, Double(window.refusals))
  }

  /// - Throws: if none was ever seen.
  mutating func add(_ delays: [ArrivalLog.Delay]) throws {
    guard delays.contains(where: \.isSeen) else {
      throw ReplicateTrouble.nothingSeen("a write of \(self.testCase)")
    }
    let samples = Samples(delays.map(\.milliseconds))
    self.add(.visibleMedian, samples.median)
    self.add(.visibleTail, samples.quantile(0.99))
  }

  subscript(metric: Metric) -> Samples? { self.values[metric].map { Samples($0) } }

  func report(_ experiment: String, _ report: (Measurement) throws -> Void) throws {
    for metric in self.order {
      guard let samples = self[metric] else { continue }
      try report(Measurement(experiment, self.testCase, metric, samples, self.settings))
    }
  }
}
