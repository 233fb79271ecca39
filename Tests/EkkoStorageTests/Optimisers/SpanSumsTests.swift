import EkkoCore
import EkkoStorage
import Testing

/// Sums in lanes against plain ones.
@Suite struct SpanSumsTests {
  @Test func `sums are right for every length`() {
    var generator = SplitMix64(seed: 3)
    for count in 0...40 {
      // Whole numbers, so that every order of summation is exact.
      let left = (0..<count).map { _ in Float(Int(generator.next() % 201) - 100) }
      let right = (0..<count).map { _ in Float(Int(generator.next() % 201) - 100) }

      #expect(left.span.absoluteSum == left.reduce(0) { $0 + abs($1) })
      #expect(left.span.squareSum == left.reduce(0) { $0 + $1 * $1 })
      #expect(
        left.span.absoluteDifference(from: right.span)
          == zip(left, right).reduce(0) { $0 + abs($1.0 - $1.1) })
    }
  }

  private static func isFinite(_ numbers: [Float]) -> Bool { numbers.span.isFinite }

  @Test func `special numbers are found wherever they are`() {
    for count in 1...20 {
      for place in 0..<count {
        for special in [Float.nan, -.nan, .infinity, -.infinity] {
          var numbers = [Float](repeating: -.greatestFiniteMagnitude, count: count)
          #expect(Self.isFinite(numbers))

          numbers[place] = special

          #expect(!Self.isFinite(numbers))
        }
      }
    }
    #expect(Self.isFinite([]))
  }
}
