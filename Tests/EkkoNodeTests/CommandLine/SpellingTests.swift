import EkkoCore
import Testing

@testable import EkkoNode

@Suite struct SpellingTests {
  @Test(arguments: [
    ("", "", 0), ("", "abc", 3), ("abc", "abc", 0), ("abc", "abd", 1), ("abc", "acb", 1),
    ("kitten", "sitting", 3), ("listen", "lisen", 1), ("ab", "ba", 1), ("abcd", "badc", 2),
  ])
  func `distances`(left: String, right: String, distance: Int) {
    #expect(Spelling.distance(Array(left.utf8), Array(right.utf8)) == distance)
    #expect(Spelling.distance(Array(right.utf8), Array(left.utf8)) == distance)
  }

  @Test func `distances are those of the recursive definition`() {
    var generator = SplitMix64(seed: 3)
    for _ in 0..<300 {
      let words = (0..<2).map { _ in
        (0..<Int.random(in: 0...5, using: &generator)).map { _ in
          UInt8.random(in: 97...98, using: &generator)
        }
      }
      #expect(
        Spelling.distance(words[0], words[1]) == Self.naive(words[0][...], words[1][...]),
        "\(words)")
    }
  }

  private static func naive(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Int {
    guard let last = left.last, let other = right.last else { return left.count + right.count }
    var best = min(
      self.naive(left.dropLast(), right.dropLast()) + (last == other ? 0 : 1),
      self.naive(left.dropLast(), right) + 1, self.naive(left, right.dropLast()) + 1)
    if left.count > 1, right.count > 1, last == right[right.endIndex - 2],
      other == left[left.endIndex - 2]
    {
      best = min(best, self.naive(left.dropLast(2), right.dropLast(2)) + 1)
    }
    return best
  }

  @Test func `only what is near is suggested`() {
    let names = ["status", "demo", "delete", "get"]

    #expect(Spelling.nearest(to: "statsu", among: names) == "status")
    #expect(Spelling.nearest(to: "gte", among: names) == "get")
    #expect(Spelling.nearest(to: "models", among: names) == nil)
    #expect(Spelling.nearest(to: "", among: names) == nil)
    #expect(Spelling.nearest(to: String(repeating: "a", count: 10_000), among: names) == nil)
  }
}
