internal import EkkoCore
internal import Glibc

/// The truth behind a synthetic click log: hidden vectors of users and items, as pure functions of
/// the seed, so that any number of them costs no memory.
///
/// A user's vector is that of a segment plus something of their own, an item's that of a topic
/// plus something of its own. The tastes of segments turn, and each item's appeal rises and falls.
struct HiddenPreferences: Sendable {
  private static let groupCount = 8
  /// Impressions in which the tastes of a segment turn once around.
  private static let tastePeriod: Float = 120_000
  /// Impressions in which an item's appeal rises and falls once.
  private static let appealPeriod: Float = 50_000

  private let seed: UInt64

  init(seed: UInt64) { self.seed = seed }

  /// The log-odds that `user` clicks `item` at the time `impression`.
  func logit(user: Int, item: Int, impression: Int) -> Float {
    let time = Float(impression)
    let segment = self.segment(ofUser: user)
    let angle = 2 * Float.pi * (time / Self.tastePeriod + self.unit(.tastePhase, segment, 0))
    let taste =
      self.vector(.taste, segment) * cos(angle) + self.vector(.otherTaste, segment) * sin(angle)
    let subject = self.vector(.topic, self.topic(ofItem: item))
    let match =
      ((taste + 0.4 * self.vector(.user, user)) * (subject + 0.4 * self.vector(.item, item))).sum()
    let wave = time / Self.appealPeriod + self.unit(.appealPhase, item, 0)
    let appeal = self.unit(.appeal, item, 0) * 2 - 1 + 0.8 * sin(2 * Float.pi * wave)
    return -1.2 + 1.4 * match + appeal
  }

  func topic(ofItem item: Int) -> Int {
    Int(self.unit(.topicOfItem, item, 0) * Float(Self.groupCount))
  }

  func segment(ofUser user: Int) -> Int {
    Int(self.unit(.segmentOfUser, user, 0) * Float(Self.groupCount))
  }

  /// What a number is drawn for; part of its seed.
  private enum Purpose: UInt64 {
    case taste = 1
    case otherTaste, tastePhase, topic, user, item, appeal, appealPhase, topicOfItem
    case segmentOfUser
  }

  /// A number in [0, 1) of its own for each purpose, owner and element.
  private func unit(_ purpose: Purpose, _ owner: Int, _ element: Int) -> Float {
    let place = purpose.rawValue << 56 ^ UInt64(element) << 48 ^ UInt64(owner)
    let mixed = SplitMix64.mix(SplitMix64.mix(self.seed) ^ SplitMix64.mix(place))
    return Float(mixed >> 40) * 0x1p-24
  }

  private func vector(_ purpose: Purpose, _ owner: Int) -> SIMD4<Float> {
    var vector = SIMD4<Float>.zero
    for element in 0..<4 { vector[element] = self.unit(purpose, owner, element) * 2 - 1 }
    return vector
  }
}
