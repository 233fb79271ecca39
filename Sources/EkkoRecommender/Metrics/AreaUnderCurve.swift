/// The area under the ROC curve: the chance that a random positive scores above a random
/// negative, equal scores counting half.
package enum AreaUnderCurve {
  /// Exact, by ranks, in O(n log n); `nil` without at least one example of each label.
  package static func of(scores: ArraySlice<Float>, labels: ArraySlice<Float>) -> Double? {
    precondition(scores.count == labels.count, "one label per score")
    var pairs: [(score: Float, isPositive: Bool)] = []
    pairs.reserveCapacity(scores.count)
    for (score, label) in zip(scores, labels) { pairs.append((score, label > 0.5)) }
    pairs.sort { $0.score < $1.score }
    var positives = 0
    var rankSum = 0.0
    var start = 0
    while start < pairs.count {
      var end = start
      while end < pairs.count, pairs[end].score == pairs[start].score { end += 1 }
      // Ranks start + 1 … end share their mean.
      let meanRank = Double(start + 1 + end) / 2
      let tied = pairs[start..<end].count { $0.isPositive }
      positives += tied
      rankSum += Double(tied) * meanRank
      start = end
    }
    let negatives = pairs.count - positives
    guard positives > 0, negatives > 0 else { return nil }
    let least = Double(positives) * Double(positives + 1) / 2
    return (rankSum - least) / (Double(positives) * Double(negatives))
  }
}
