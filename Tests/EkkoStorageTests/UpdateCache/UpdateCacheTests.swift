import EkkoCore
import EkkoStorage
import Testing

/// When arrivals happened: what pruning and the estimate of D_prop go by (Ekko §4.4.1).
struct UpdateCacheTests {
  private static func time(_ seconds: Double) -> MonotonicTime {
    MonotonicTime.zero.advanced(by: .seconds(100) + .seconds(seconds))
  }

  /// Found by simulation: an estimate shorter than the way to a peer and back never grew, for what it was
  /// to be measured by had been forgotten with it.
  @Test func `the age of an arrival is known after it was pruned`() {
    var cache = UpdateCache(propagation: PropagationEstimate(horizon: .milliseconds(400)))
    cache.noteArrivals(through: 5, at: Self.time(0))
    #expect(cache.sequence(before: Self.time(0.1)) == 5)
    #expect(cache.age(ofFirstArrivalAfter: 3, at: Self.time(0.7)) == .milliseconds(700))

    cache.propagation.noteMerged(age: .milliseconds(700))
    #expect(cache.propagation.horizon == .milliseconds(1400))
  }

  @Test func `what arrives after a time was pruned by is pruned by a later one`() {
    var cache = UpdateCache(propagation: PropagationEstimate(horizon: .seconds(10)))
    cache.noteArrivals(through: 5, at: Self.time(0))
    #expect(cache.sequence(before: Self.time(0.001)) == 5)
    cache.noteArrivals(through: 6, at: Self.time(0.0015))
    #expect(cache.sequence(before: Self.time(0.001)) == nil)
    #expect(cache.sequence(before: Self.time(1)) == 6)
  }

  @Test func `the times of a busy cache are few`() {
    var cache = UpdateCache(propagation: PropagationEstimate(horizon: .seconds(10)))
    for arrival in 0..<100_000 {
      cache.noteArrivals(through: UInt64(arrival + 1), at: Self.time(Double(arrival) / 10_000))
    }
    // Together within a hundredth of a second.
    var steps = 0
    for tick in 0..<10_000 where cache.sequence(before: Self.time(Double(tick) / 1000)) != nil {
      steps += 1
    }
    #expect(steps <= 1001)
  }

  @Test func `a miss among few answers makes D_prop longer at once, and once`() {
    var estimate = PropagationEstimate(horizon: .seconds(1))
    estimate.noteHit()
    estimate.noteMiss()
    #expect(estimate.horizon == .milliseconds(1500))
    estimate.noteMiss()
    #expect(estimate.horizon == .milliseconds(1500))
    for _ in 0..<64 { estimate.noteHit() }
    estimate.noteMiss()
    #expect(estimate.horizon == .milliseconds(2250))
  }
}
