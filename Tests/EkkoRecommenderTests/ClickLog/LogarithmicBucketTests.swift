import EkkoRecommender
import Testing

@Suite struct LogarithmicBucketTests {
  @Test func `buckets are consecutive and never fall`() {
    let buckets = (-3...100_000).map { LogarithmicBucket.bucket(of: $0) }

    for (left, right) in zip(buckets, buckets.dropFirst()) {
      #expect(right == left || right == left + 1)
    }
  }

  @Test func `small values are exact and octaves have two buckets`() {
    #expect((-2...3).map { LogarithmicBucket.bucket(of: $0) } == [-2, -1, 0, 1, 2, 3])
    #expect(
      [4, 5, 6, 7, 8, 11, 12, 15].map { LogarithmicBucket.bucket(of: $0) } == [
        4, 4, 5, 5, 6, 6, 7, 7,
      ])
  }

  @Test func `extreme values do not trap`() {
    #expect(LogarithmicBucket.bucket(of: .max) == 125)
    #expect(LogarithmicBucket.bucket(of: .min) == .min)
    #expect(LogarithmicBucket.scaled(.max).isFinite)
    #expect(LogarithmicBucket.scaled(.min) == -0.5)
  }

  @Test func `the dense form is the scaled logarithm at powers of two`() {
    for exponent in 0..<40 {
      let value = LogarithmicBucket.scaled((1 << exponent) - 1)

      #expect(abs(value - (Float(exponent) * 0.2 - 0.5)) < 1e-5)
    }
  }
}
