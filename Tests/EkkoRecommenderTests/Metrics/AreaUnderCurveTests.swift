import EkkoCore
import EkkoRecommender
import Testing

@Suite struct AreaUnderCurveTests {
  /// The definition: over all pairs of a positive and a negative.
  private static func byPairs(_ scores: [Float], _ labels: [Float]) -> Double? {
    var won = 0.0
    var pairs = 0.0
    for (first, positive) in zip(scores, labels) where positive == 1 {
      for (second, negative) in zip(scores, labels) where negative == 0 {
        pairs += 1
        won += first > second ? 1 : first == second ? 0.5 : 0
      }
    }
    return pairs == 0 ? nil : won / pairs
  }

  @Test(arguments: UInt64(0)..<30)
  func `ranks give what counting pairs gives`(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    let count = Int(generator.next() % 120)
    // Few distinct scores make many ties.
    let scores = (0..<count).map { _ in Float(generator.next() % (seed % 3 == 0 ? 4 : 1000)) }
    let labels = (0..<count).map { _ in Float(generator.next() % 2) }

    let area = AreaUnderCurve.of(scores: scores[...], labels: labels[...])

    let expected = Self.byPairs(scores, labels)
    #expect((area == nil) == (expected == nil))
    if let area, let expected { #expect(abs(area - expected) < 1e-12) }
  }

  @Test func `one label alone has no area`() {
    #expect(AreaUnderCurve.of(scores: [1, 2], labels: [1, 1]) == nil)
    #expect(AreaUnderCurve.of(scores: [], labels: []) == nil)
  }
}
