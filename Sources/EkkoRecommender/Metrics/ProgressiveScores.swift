/// Scores of examples in log order, each made before its label was trained on.
///
/// Holds eight bytes per row; `lastFifth` is the rows with index ≥ ⌊0.8·n⌋ (DESIGN §12).
package struct ProgressiveScores: Hashable, Sendable {
  package private(set) var probabilities: [Float] = []
  package private(set) var labels: [Float] = []

  package init() {}

  package var count: Int { self.labels.count }

  package mutating func append(probabilities: [Float], labels: [Float]) {
    precondition(probabilities.count == labels.count, "one label per probability")
    self.probabilities.append(contentsOf: probabilities)
    self.labels.append(contentsOf: labels)
  }

  package var all: Range<Int> { 0..<self.count }

  package var lastFifth: Range<Int> { (self.count * 4 / 5)..<self.count }

  /// `nil` where the range lacks a label.
  package func areaUnderCurve(over range: Range<Int>) -> Double? {
    AreaUnderCurve.of(scores: self.probabilities[range], labels: self.labels[range])
  }

  /// `nil` for an empty range.
  package func logLoss(over range: Range<Int>) -> Double? {
    LogLoss.of(probabilities: self.probabilities[range], labels: self.labels[range])
  }
}
