import EkkoCore
import Testing

@testable import EkkoStorage

@Suite struct NumberSetTests {
  @Test func `it holds what was put into it, and names the smallest`() {
    var generator = SplitMix64(seed: 1)
    for end in [0, 1, 63, 64, 65, 1024] {
      var set = NumberSet(below: end)
      var expected = Set(0..<end)
      for _ in 0..<5000 {
        let number = Int.random(in: 0..<1500, using: &generator)
        if Bool.random(using: &generator) {
          if expected.insert(number).inserted { set.insert(number) }
        } else {
          #expect(set.remove(number) == (expected.remove(number) != nil))
        }
        #expect(set.count == expected.count && set.isEmpty == expected.isEmpty)
        #expect(set.first() == expected.min())
      }
    }
  }

  @Test func `it tells numbers apart that were taken out`() {
    var set = NumberSet(below: 130)
    for number in 0..<130 { #expect(set.first() == number && set.remove(number)) }
    #expect(set.first() == nil && !set.remove(0) && !set.remove(5000))
  }
}
