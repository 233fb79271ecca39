internal import EkkoCore

/// The weights of a row that nobody has written yet (DESIGN §4).
///
/// A pure function of (table seed, key, element): every replica fills a missing row alike, on every
/// platform, because only exact integer steps and single correctly rounded operations are used.
public enum Initialiser: Hashable, Sendable {
  case zeros
  case constant(Float)
  /// Evenly spread over [low, high].
  case uniform(low: Float, high: Float)
  /// Bell-shaped, cut at six standard deviations: a sum of twelve uniform 16-bit numbers, whose
  /// mean and variance are exact and which needs no logarithm that could differ between machines.
  case normal(mean: Float = 0, standardDeviation: Float)

  /// Writes all elements of the row of `key`.
  package func fill(_ weights: inout MutableSpan<Float>, seed: UInt64, key: UInt64) {
    switch self {
    case .zeros:
      weights.update(repeating: 0)
    case .constant(let value):
      weights.update(repeating: value)
    case .uniform(let low, let high):
      var draws = Self.draws(seed: seed, key: key)
      let width = high - low
      for index in weights.indices {
        let unit = Float(draws.next() >> 40) * 0x1p-24
        weights[index] = low + width * unit
      }
    case .normal(let mean, let standardDeviation):
      var draws = Self.draws(seed: seed, key: key)
      for index in weights.indices {
        weights[index] = mean + standardDeviation * Self.standardNormal(from: &draws)
      }
    }
  }

  /// A stream of its own for each (seed, key). The seed is mixed first, so that tables whose seeds
  /// are neighbours do not share rows under neighbouring keys.
  private static func draws(seed: UInt64, key: UInt64) -> SplitMix64 {
    SplitMix64(seed: SplitMix64.mix(key ^ SplitMix64.mix(seed)))
  }

  /// The sum of n uniform numbers on 0…65,535 has mean n·32,767.5 and variance n·(2³² − 1)/12;
  /// for n = 12 the standard deviation is 65,536 to ten digits. The sum needs 20 bits, so all
  /// steps but the caller's are exact.
  private static func standardNormal(from draws: inout SplitMix64) -> Float {
    var sum: UInt64 = 0
    for _ in 0..<3 {
      let drawn = draws.next()
      sum += (drawn & 0xFFFF) + (drawn >> 16 & 0xFFFF) + (drawn >> 32 & 0xFFFF) + (drawn >> 48)
    }
    return Float(Int64(sum) - 393_210) * 0x1p-16
  }
}
