import EkkoRecommender
import Testing

@Suite struct SyntheticClickLogTests {
  private static func rows(seed: UInt64, _ count: Int) -> (SyntheticClickLog, ExampleBatch) {
    var log = SyntheticClickLog(seed: seed)
    let batch = log.nextBatch(limit: count) ?? ExampleBatch(layout: log.layout)
    return (log, batch)
  }

  @Test func `the log is a function of its seed, however it is cut`() {
    let (_, whole) = Self.rows(seed: 9, 300)
    var log = SyntheticClickLog(seed: 9)
    var cut = ExampleBatch(layout: log.layout)
    while cut.count < 300 {
      if let batch = log.nextBatch(limit: 7) { cut.append(contentsOf: batch) }
    }

    #expect((0..<300).map { whole[$0] } == (0..<300).map { cut[$0] })
    #expect(Self.rows(seed: 10, 300).1 != whole)
  }

  @Test func `few items have most impressions and new ones keep arriving`() {
    let (log, batch) = Self.rows(seed: 1, 20_000)
    var counts: [UInt64: Int] = [:]
    for example in 0..<batch.count { counts[batch.features[example * 5 + 1], default: 0] += 1 }
    let top = counts.values.sorted(by: >).prefix(50).reduce(0, +)

    #expect(log.itemCount == 1000)
    #expect(counts.count > 700)
    #expect(top > 6_000)
    let newest = FeatureHash.key(ofText: "item=900")
    let first = (0..<batch.count).first { batch.features[$0 * 5 + 1] == newest }
    #expect((first ?? .max) >= 16_000)
    #expect(SyntheticClickLog.creationSeconds(ofItem: 900) == 1_600_000_160)
  }

  @Test func `a fair share of impressions is clicked`() {
    let (_, batch) = Self.rows(seed: 3, 20_000)
    let rate = batch.labels.reduce(0, +) / 20_000

    #expect(rate > 0.15 && rate < 0.45)
  }

  @Test func `a candidate has the features of the impression`() {
    let (log, _) = Self.rows(seed: 3, 10)

    let example = log.example(user: "4", item: "7")

    #expect(example.features[0] == FeatureHash.key(ofText: "user=4"))
    #expect(example.features[1] == FeatureHash.key(ofText: "item=7"))
    #expect(example.features.count == 5 && example.numbers.count == 1)
  }

  @Test func `candidates that cannot exist are described all the same`() {
    let (log, _) = Self.rows(seed: 3, 10)

    for text in ["-1", "no number", "9223372036854775807", ""] {
      #expect(log.example(user: text, item: text).features.count == 5)
    }
  }
}
