import Testing

@testable import EkkoRecommender

@Suite struct HiddenPreferencesTests {
  private static let pairs = (0..<200).map { ($0 % 20, $0 % 31) }

  private static func logits(seed: UInt64, impression: Int) -> [Float] {
    let hidden = HiddenPreferences(seed: seed)
    return Self.pairs.map { hidden.logit(user: $0, item: $1, impression: impression) }
  }

  /// The mean absolute difference.
  private static func distance(_ left: [Float], _ right: [Float]) -> Float {
    zip(left, right).reduce(0) { $0 + abs($1.0 - $1.1) } / Float(left.count)
  }

  @Test func `preferences are a function of the seed and drift slowly`() {
    let start = Self.logits(seed: 1, impression: 0)

    #expect(start == Self.logits(seed: 1, impression: 0))
    #expect(Self.distance(start, Self.logits(seed: 2, impression: 0)) > 0.3)
    #expect(Self.distance(start, Self.logits(seed: 1, impression: 100)) < 0.03)
    #expect(Self.distance(start, Self.logits(seed: 1, impression: 10_000)) > 0.3)
  }

  @Test func `all topics and segments occur`() {
    let hidden = HiddenPreferences(seed: 1)

    #expect(Set((0..<500).map(hidden.topic(ofItem:))) == Set(0..<8))
    #expect(Set((0..<500).map(hidden.segment(ofUser:))) == Set(0..<8))
  }
}
