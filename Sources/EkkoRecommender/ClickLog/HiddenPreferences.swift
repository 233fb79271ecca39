internal import EkkoCore
internal import Glibc

/// The truth behind a synthetic click log: hidden vectors of users and items, as pure functions of
/// the seed, so that any number of them costs no memory.
struct HiddenPreferences: Sendable {
  private static let dimension = 4
  /// Impressions in which a user's taste turns once around.
  private static let tastePeriod: Float = 150_000
  /// Impressions in which an item's appeal rises and falls once.
  private static let appealPeriod: Float = 25_000

  private let seed: UInt64

  init(seed: UInt64) { self.seed = seed }

  /// The log-odds that `user` clicks `item` at the time `impression`.
  func logit(user: Int, item: Int, impression: Int) -> Float {
    let time = Float(impression)
    let angle = 2 * Float.pi * (time / Self.tastePeriod + self.unit(.tastePhase, user, 0))
    let taste =
      self.vector(.taste, user) * cos(angle) + self.vector(.otherTaste, user) * sin(angle)
    let match = (taste * self.vector(.item, item)).sum()
    let wave = time / Self.appealPeriod + self.unit(.appealPhase, item, 0)
    let appeal = self.unit(.appeal, item, 0) * 1.2 - 0.6 + 0.8 * sin(2 * Float.pi * wave)
    return -0.8 + 1.5 * match + appeal
  }

  /// The direction in which the item's vector is longest, as a number below eight.
  func topic(ofItem item: Int) -> Int { Self.direction(of: self.vector(.item, item)) }

  /// The direction of the user's first taste, as a number below eight.
  func segment(ofUser user: Int) -> Int { Self.direction(of: self.vector(.taste, user)) }

  /// What a number is drawn for; part of its seed.
  private enum Purpose: UInt64 {
    case taste = 1
    case otherTaste, tastePhase, item, appeal, appealPhase
  }

  private func unit(_ purpose: Purpose, _ owner: Int, _ element: Int) -> Float {
    let place = purpose.rawValue << 56 ^ UInt64(element) << 48 ^ UInt64(owner)
    var draws = SplitMix64(seed: SplitMix64.mix(self.seed) ^ SplitMix64.mix(place))
    return Float(draws.nextUnit())
  }

  private func vector(_ purpose: Purpose, _ owner: Int) -> SIMD4<Float> {
    var vector = SIMD4<Float>.zero
    for element in 0..<Self.dimension {
      vector[element] = self.unit(purpose, owner, element) * 2 - 1
    }
    return vector
  }

  private static func direction(of vector: SIMD4<Float>) -> Int {
    var best = 0
    for element in 1..<Self.dimension where abs(vector[element]) > abs(vector[best]) {
      best = element
    }
    return vector[best] < 0 ? best + Self.dimension : best
  }
}
