import EkkoCore
import Testing

@testable import EkkoRecommender

@Suite struct KeyIndexTests {
  @Test(arguments: UInt64(0)..<20)
  func `keys are numbered in order of first appearance`(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let keys = (0..<500).map { _ in generator.next() % (1 + seed * 40) }
    var index = KeyIndex(capacity: keys.count)
    var expected: [UInt64: Int32] = [:]

    for key in keys {
      let place = index.place(of: key)
      #expect(place == expected[key, default: Int32(expected.count)])
      expected[key] = place
    }

    #expect(index.keys.count == expected.count)
    #expect(index.keys.enumerated().allSatisfy { expected[$1] == Int32($0) })
  }
}
