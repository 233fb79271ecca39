import EkkoCore
import EkkoStorage
import Testing

/// Initial weights: the same everywhere, and distributed as they say.
@Suite struct InitialiserTests {
  private static func fill(
    _ initialiser: Initialiser, count: Int, seed: UInt64 = 1, key: UInt64 = 2
  ) -> [Float] {
    var weights = [Float](repeating: .nan, count: count)
    var span = weights.mutableSpan
    initialiser.fill(&span, seed: seed, key: key)
    return weights
  }

  @Test func `zeros and constants fill the row`() {
    #expect(Self.fill(.zeros, count: 3) == [0, 0, 0])
    #expect(Self.fill(.constant(0.5), count: 3) == [0.5, 0.5, 0.5])
    #expect(Self.fill(.normal(standardDeviation: 1), count: 0) == [])
  }

  /// From the definition of SplitMix64 in an independent program:
  /// s = mix(key ^ mix(seed)); u_i = mix(s + i·golden).
  @Test func `random weights are the published bits`() {
    let uniform = Self.fill(.uniform(low: -1, high: 1), count: 4)
    let normal = Self.fill(.normal(mean: 1, standardDeviation: 2), count: 4)

    #expect(uniform.map(\.bitPattern) == Self.uniformBits)
    #expect(normal.map(\.bitPattern) == Self.normalBits)
  }

  private static let uniformBits: [UInt32] = [0x3F4D_1CDE, 0xBEE1_2250, 0xBF7C_2178, 0xBF2B_8E8A]
  private static let normalBits: [UInt32] = [0xBF26_1C00, 0x4046_D880, 0xC011_4180, 0xBFAB_D700]

  @Test func `a longer row begins like a shorter one`() {
    for initialiser in [Initialiser.uniform(low: 0, high: 1), .normal(standardDeviation: 1)] {
      #expect(
        Self.fill(initialiser, count: 3) == Array(Self.fill(initialiser, count: 9).prefix(3)))
    }
  }

  @Test func `seed and key both matter and are not interchangeable`() {
    let initialiser = Initialiser.uniform(low: 0, high: 1)
    let rows = [(1, 2), (2, 1), (1, 3), (2, 2), (3, 3)].map { seed, key in
      Self.fill(initialiser, count: 2, seed: UInt64(seed), key: UInt64(key))
    }

    #expect(Set(rows).count == rows.count)
  }

  @Test func `uniform weights lie in their range with its mean and variance`() {
    let weights = (UInt64(0)..<2000).flatMap {
      Self.fill(.uniform(low: -0.5, high: 1.5), count: 16, key: $0)
    }

    let (mean, variance) = Self.moments(weights)

    #expect(weights.allSatisfy { $0 >= -0.5 && $0 <= 1.5 })
    // Five standard errors: σ/√n for the mean, σ²·√(0.8/n) for the variance of a uniform.
    #expect(abs(mean - 0.5) < 5 * (1.0 / 3 / 32_000).squareRoot())
    #expect(abs(variance - 1.0 / 3) < 5 / 3 * (0.8 / 32_000).squareRoot())
  }

  @Test func `normal weights have their mean, variance and shape`() {
    let weights = (UInt64(0)..<2000).flatMap {
      Self.fill(.normal(mean: 3, standardDeviation: 2), count: 16, key: $0)
    }

    let (mean, variance) = Self.moments(weights)
    let withinOne = Double(weights.count { abs($0 - 3) < 2 }) / 32_000

    #expect(weights.allSatisfy { abs($0 - 3) <= 12 })
    #expect(abs(mean - 3) < 5 * 2 / 32_000.0.squareRoot())
    #expect(abs(variance - 4) < 5 * 4 * (2.0 / 32_000).squareRoot())
    // 0.6827 for the normal; the sum of twelve uniforms is within 0.004 of it.
    #expect(abs(withinOne - 0.6827) < 0.015)
  }

  private static func moments(_ values: [Float]) -> (mean: Double, variance: Double) {
    let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
    let squares = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    return (mean, squares / Double(values.count))
  }
}
