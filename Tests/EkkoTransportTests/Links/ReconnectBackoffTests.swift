import EkkoCore
import EkkoTransport
import Testing

/// The waits between attempts to reach a peer.
@Suite struct ReconnectBackoffTests {
  @Test(arguments: UInt64(0)..<50)
  func `waits grow within their bounds and start over`(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    var backoff = ReconnectBackoff()
    var ceiling = Duration.milliseconds(100)
    for _ in 0..<12 {
      let delay = backoff.nextDelay(using: &generator)
      #expect(delay >= ceiling / 2 && delay <= ceiling)
      #expect(delay >= ReconnectBackoff.smallest && delay <= ReconnectBackoff.largest)
      ceiling = min(ceiling * 2, ReconnectBackoff.largest)
    }
    backoff.reset()
    #expect(backoff == ReconnectBackoff())
    #expect(backoff.nextDelay(using: &generator) <= .milliseconds(100))
  }

  @Test func `peers of one node do not come back together`() {
    var generator = SplitMix64(seed: 1)
    var delays = Set<Duration>()
    for _ in 0..<100 {
      var backoff = ReconnectBackoff()
      delays.insert(backoff.nextDelay(using: &generator))
    }
    #expect(delays.count == 100)
  }
}
