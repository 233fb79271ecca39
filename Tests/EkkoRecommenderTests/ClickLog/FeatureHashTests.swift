import EkkoCore
import EkkoRecommender
import Testing

@Suite struct FeatureHashTests {
  @Test func `hashing the bytes equals hashing the text`() {
    let hash = FeatureHash(fields: ["I3", "C14"])
    for text in ["", "1adce6ef", "ü∅", String(repeating: "x", count: 100)] {
      let bytes = Array(text.utf8)

      #expect(hash.key(field: 1, value: bytes.span) == XXH64.hash(utf8Of: "C14=" + text))
    }
    for number in [0, 7, -1, 10, 1_234_567, .max, .min] {
      #expect(hash.key(field: 0, value: number) == XXH64.hash(utf8Of: "I3=\(number)"))
    }
  }

  @Test func `crossing is not symmetric and tells pairs apart`() {
    #expect(FeatureHash.key(crossing: 1, with: 2) != FeatureHash.key(crossing: 2, with: 1))
    var seen = Set<UInt64>()
    for first in UInt64(0)..<100 {
      for second in UInt64(0)..<100 {
        seen.insert(FeatureHash.key(crossing: first, with: second))
      }
    }
    #expect(seen.count == 10_000)
  }
}
