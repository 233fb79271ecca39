import EkkoCore
import EkkoStorage
import Testing

/// Which pushes to absent keys make rows.
@Suite struct AdmissionRuleTests {
  @Test func `a certain rule admits every push`() {
    for key in UInt64(0)..<1000 {
      #expect(AdmissionRule.always.admits(key: key, seed: 1, attempt: key))
      #expect(AdmissionRule.probability(1).admits(key: key, seed: 1, attempt: key))
    }
  }

  @Test(arguments: [Float(0.5), 0.1, 0.01])
  func `a probability admits its share of keys and of attempts`(probability: Float) {
    let rule = AdmissionRule.probability(probability)
    let draws = 40_000

    let keys = (0..<draws).count { rule.admits(key: UInt64($0), seed: 9, attempt: 1) }
    let attempts = (0..<draws).count { rule.admits(key: 1, seed: 9, attempt: UInt64($0)) }

    // Five standard deviations of a binomial.
    let expected = Double(draws) * Double(probability)
    let tolerance = 5 * (expected * (1 - Double(probability))).squareRoot()
    #expect(abs(Double(keys) - expected) < tolerance)
    #expect(abs(Double(attempts) - expected) < tolerance)
  }

  @Test func `the decision depends on key, seed and attempt alone`() {
    let rule = AdmissionRule.probability(0.5)
    let decisions = { (seed: UInt64, attempt: UInt64) in
      (UInt64(0)..<64).map { rule.admits(key: $0, seed: seed, attempt: attempt) }
    }

    #expect(decisions(1, 1) == decisions(1, 1))
    #expect(decisions(1, 1) != decisions(2, 1))
    #expect(decisions(1, 1) != decisions(1, 2))
  }
}
