import EkkoCore
import EkkoSimulation
import Testing

@Suite struct VisitedStatesTests {
  private static func isWithin(_ one: UInt64, _ other: UInt64) -> Bool {
    (0..<8).allSatisfy { (one >> (8 * $0)) & 0xFF <= (other >> (8 * $0)) & 0xFF }
  }

  @Test func `a budget is within another if no count is larger`() {
    var generator = SplitMix64(seed: 1)
    for _ in 0..<10_000 {
      let mask: UInt64 = 0x0303_0303_0303_0303
      let one = generator.next() & mask
      let other = generator.next() & mask | one & generator.next()

      let isWithin = ExplorationBudget(rawValue: one).isWithin(ExplorationBudget(rawValue: other))

      #expect(isWithin == Self.isWithin(one, other))
    }
  }

  /// Against the plain list of everything visited.
  @Test func `a state is visited unless it was with at least its budget`() {
    var generator = SplitMix64(seed: 2)
    var visited = VisitedStates()
    var list: [(UInt64, UInt64)] = []
    for _ in 0..<6000 {
      let fingerprint = generator.next() % 700
      let budget = generator.next() & 0x0000_0000_0003_0303
      let isCovered = list.contains {
        max($0.0, 1) == max(fingerprint, 1) && Self.isWithin(budget, $0.1)
      }

      #expect(visited.covers(fingerprint, ExplorationBudget(rawValue: budget)) == isCovered)
      #expect(visited.insert(fingerprint, ExplorationBudget(rawValue: budget)) == !isCovered)
      if !isCovered { list.append((fingerprint, budget)) }
    }
    #expect(visited.count == list.count)
  }
}
