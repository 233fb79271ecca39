internal import Glibc

/// The mean negative log-likelihood of the labels.
package enum LogLoss {
  /// Probabilities are kept 1e-7 away from 0 and 1, so that one sure mistake stays finite; `nil`
  /// without examples.
  package static func of(probabilities: ArraySlice<Float>, labels: ArraySlice<Float>) -> Double? {
    precondition(probabilities.count == labels.count, "one label per probability")
    guard !labels.isEmpty else { return nil }
    var sum = 0.0
    for (probability, label) in zip(probabilities, labels) {
      let bounded = min(max(Double(probability), 1e-7), 1 - 1e-7)
      sum -= label > 0.5 ? log(bounded) : log1p(-bounded)
    }
    return sum / Double(labels.count)
  }
}
