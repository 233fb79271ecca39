import EkkoCore
import Testing

@Suite struct RepeatedPlaceTests {
  @Test(arguments: UInt64(0)..<20) func `the first key that was there before is found`(
    seed: UInt64
  ) {
    var generator = SplitMix64(seed: seed)
    for count in [0, 1, 2, 3, 31, 32, 33, 1000] {
      let distinct = (0..<UInt64(count)).map { $0 &* 0x9E37_79B9_7F4A_7C15 &+ seed }
      #expect(distinct.span.firstRepeatedPlace == nil)
      guard count > 1 else { continue }
      var keys = distinct
      for _ in 0..<2 {
        let place = Int.random(in: 0..<count, using: &generator)
        keys[place] = keys[Int.random(in: 0..<count, using: &generator)]
      }
      var seen: Set<UInt64> = []
      let expected = keys.firstIndex { !seen.insert($0).inserted }
      #expect(keys.span.firstRepeatedPlace == expected)
    }
  }
}
