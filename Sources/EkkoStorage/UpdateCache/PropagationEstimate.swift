internal import EkkoCore

/// The online estimate of D_prop (Ekko §4.4.1): how long an update must stay in the cache so that
/// the replicas that pull from here find it there.
///
/// Measured propagation sets the floor; a hit rate under 99.4 % makes it longer, a cache over its
/// size limit makes it shorter. One slow or dead peer stops counting once its samples age out.
package struct PropagationEstimate: Hashable, Sendable {
  package private(set) var horizon: Duration {
    didSet { self.horizonNanoseconds = self.horizon.wholeNanoseconds }
  }
  /// The same: it is asked for with every batch of arrivals.
  private(set) var horizonNanoseconds: Int64
  package private(set) var hits: UInt64 = 0
  package private(set) var misses: UInt64 = 0
  /// Scans for askers that know nothing yet: no cache can serve them, so they are not misses.
  package private(set) var firstScans: UInt64 = 0
  private var measured: Duration = .zero
  private var windowHits = 0
  private var windowMisses = 0
  private var hasAdjusted = false

  private static let shortest: Duration = .milliseconds(200)
  private static let longest: Duration = .seconds(600)
  private static let targetHitRate = 0.994
  private static let windowSize = 64

  package static let usualHorizon = Duration.seconds(10)

  /// - Parameter horizon: the first estimate.
  package init(horizon: Duration = Self.usualHorizon) {
    self.horizon = horizon
    self.horizonNanoseconds = horizon.wholeNanoseconds
  }

  /// The cache may hold this share of the rows (at least `minimumLimit` entries) before D_prop is
  /// shortened.
  package static func entryLimit(rows: Int) -> Int { max(Self.minimumLimit, rows / 500) }

  static let minimumLimit = 4096

  package mutating func noteHit() {
    self.hits += 1
    self.windowHits += 1
    self.adjust()
  }

  package mutating func noteMiss() {
    self.misses += 1
    self.windowMisses += 1
    self.adjust()
  }

  package mutating func noteFirstScan() { self.firstScans += 1 }

  /// A peer has merged what first arrived here `age` ago. The estimate decays by 2 % a sample.
  package mutating func noteMerged(age: Duration) {
    self.measured = max(age, self.measured * 0.98)
    if self.horizon < self.measured * 2 { self.horizon = self.clamped(self.measured * 2) }
  }

  /// The cache holds more than its limit: forget sooner, though not before peers have pulled.
  package mutating func noteOverLimit() {
    self.horizon = self.clamped(max(self.horizon * 0.9, self.measured * 2))
  }

  /// At most one step for each so many answers, but as soon as the misses among them are too many: where
  /// there is little to answer, the rest of them may be long in coming.
  private mutating func adjust() {
    let allowed = Double(Self.windowSize) * (1 - Self.targetHitRate)
    if Double(self.windowMisses) > allowed, !self.hasAdjusted {
      self.horizon = self.clamped(self.horizon * 1.5)
      self.hasAdjusted = true
    }
    guard self.windowHits + self.windowMisses >= Self.windowSize else { return }
    self.windowHits = 0
    self.windowMisses = 0
    self.hasAdjusted = false
  }

  private func clamped(_ duration: Duration) -> Duration {
    min(max(duration, Self.shortest), Self.longest)
  }
}
