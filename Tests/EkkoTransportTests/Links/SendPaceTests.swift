import EkkoCore
import Testing

@testable import EkkoTransport

@Suite struct SendPaceTests {
  private static let short = NetworkPath(roundTrip: .microseconds(200), segmentByteCount: 1448)
  private static let far = NetworkPath(roundTrip: .milliseconds(100), segmentByteCount: 1448)

  /// A pace over a path that carries so many bytes a second, while its sender writes as it may for a
  /// second; and how many bytes were under way at most in the latter half.
  private static func settled(
    on path: NetworkPath, bytesPerSecond: Double
  ) -> (turn: SendPace.Turn, mostUnderWay: Int) {
    var pace = SendPace()
    var turn = SendPace.Turn(delay: nil, window: 0)
    var (accepted, departed, most) = (0.0, 0.0, 0)
    for microsecond in stride(from: 0, to: 1_000_000, by: 500) {
      departed = min(accepted, departed + bytesPerSecond / 2000)
      turn = pace.nextTurn(
        Outflow(accepted: UInt64(accepted), waiting: Int(accepted - departed)), over: path,
        at: MonotonicTime(nanoseconds: Int64(microsecond) * 1000))
      if turn.delay == nil { accepted += Double(turn.window / 2) }
      if microsecond > 500_000 { most = max(most, Int(accepted - departed)) }
    }
    return (turn, most)
  }

  @Test func `before anything is known the window is moderate`() {
    var pace = SendPace()
    let now = MonotonicTime(nanoseconds: 0)
    func turn(underWay: Int) -> SendPace.Turn {
      pace.nextTurn(
        Outflow(accepted: UInt64(underWay), waiting: underWay), over: Self.short, at: now)
    }
    #expect(turn(underWay: 0) == SendPace.Turn(delay: nil, window: 128 << 10))
    #expect(turn(underWay: 128 << 10).delay == nil)
    #expect(turn(underWay: 128 << 10 + 1).delay == .milliseconds(1))
  }

  @Test func `on a short way about so much is under way as leaves in four milliseconds`() {
    let (turn, most) = Self.settled(on: Self.short, bytesPerSecond: 12_500_000)
    #expect((45_000...55_000).contains(turn.window))
    #expect(most <= turn.window * 8 / 5)
  }

  @Test func `on a slow way it is some kilobytes all the same`() {
    #expect(Self.settled(on: Self.short, bytesPerSecond: 100_000).turn.window == 32 << 10)
  }

  @Test func `on a long way twice a round trip's bytes are under way`() {
    let (turn, most) = Self.settled(on: Self.far, bytesPerSecond: 12_500_000)
    #expect((2_300_000...2_700_000).contains(turn.window))
    #expect(most > 1_250_000)
  }

  @Test func `the other side may confirm two full segments at a time`() {
    let loopback = NetworkPath(roundTrip: .microseconds(20), segmentByteCount: 65_483)
    #expect(Self.settled(on: loopback, bytesPerSecond: 1_000_000).turn.window == 3 * 65_483)
  }

  @Test func `what leaves while nothing waits is no rate`() {
    var pace = SendPace()
    for second in 0..<10 {
      // One small message a second, which has left when the next is sent.
      let turn = pace.nextTurn(
        Outflow(accepted: UInt64(second) * 100, waiting: 0), over: Self.short,
        at: MonotonicTime(nanoseconds: Int64(second) * 1_000_000_000))
      #expect(turn.window == 128 << 10)
    }
  }

  @Test func `a way that carries nothing is looked at twenty times a second`() {
    var pace = SendPace()
    var delay: Duration?
    for second in 0..<60 {
      delay =
        pace.nextTurn(
          Outflow(accepted: .max, waiting: .max), over: Self.short,
          at: MonotonicTime(nanoseconds: Int64(second) * 1_000_000_000)
        ).delay
    }
    #expect(delay == .milliseconds(50))
  }
}
