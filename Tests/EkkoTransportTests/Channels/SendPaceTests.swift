import Testing

@testable import EkkoTransport

@Suite struct SendPaceTests {
  /// 100 Mbit/s.
  private static let thin = SendPace(
    deliveryRate: 12_500_000, roundTrip: .microseconds(200), segmentByteCount: 1448)

  @Test func `the window is twice what fills the way`() {
    let far = SendPace(
      deliveryRate: 12_500_000, roundTrip: .milliseconds(200), segmentByteCount: 1448)
    #expect(far.window == 5_000_000)
    #expect(far.delay(underWay: 5_000_000) == nil)
    // An excess of one megabyte is gone after 80 ms; looked at again sooner.
    #expect(far.delay(underWay: 6_000_000) == .milliseconds(50))
    #expect(far.delay(underWay: 5_250_000) == .milliseconds(20))
  }

  @Test func `a short way takes some kilobytes all the same`() {
    #expect(Self.thin.window == 32 << 10)
    #expect(Self.thin.delay(underWay: 32 << 10) == nil)
    #expect(Self.thin.delay(underWay: 32 << 10 + 1) == .milliseconds(1))
    #expect(Self.thin.delay(underWay: 32 << 10 + 125_000) == .milliseconds(10))
  }

  @Test func `the other side may confirm two full segments at a time`() {
    let loopback = SendPace(
      deliveryRate: 1 << 30, roundTrip: .microseconds(20), segmentByteCount: 65_483)
    #expect(loopback.window == 3 * 65_483)
  }

  @Test func `figures that make no sense trap nowhere`() {
    let absurd = SendPace(
      deliveryRate: .max, roundTrip: .seconds(1_000_000), segmentByteCount: 0)
    #expect(absurd.window == 1 << 40)
    let stuck = SendPace(deliveryRate: 0, roundTrip: .zero, segmentByteCount: 0)
    #expect(stuck.delay(underWay: .max) == .milliseconds(50))
  }
}
