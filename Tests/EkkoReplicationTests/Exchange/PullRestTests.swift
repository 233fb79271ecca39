import EkkoCore
import Testing

@testable import EkkoReplication

@Suite struct PullRestTests {
  private static let start = MonotonicTime(nanoseconds: 1_000_000_000)

  private static func after(_ milliseconds: Int) -> MonotonicTime {
    Self.start.advanced(by: .milliseconds(milliseconds))
  }

  /// Until when a link rests, in milliseconds from the beginning of the answer.
  private static func rest(effort: Duration, end: Int) -> MonotonicTime? {
    var rest = PullRest()
    rest.noteArrival(at: Self.start)
    rest.noteArrival(at: Self.after(end))
    rest.note(effort)
    return rest.take(at: Self.after(end))
  }

  @Test func `links rest by what the answer took, up to a bound`() {
    #expect(Self.rest(effort: .microseconds(99), end: 0) == nil)
    #expect(Self.rest(effort: .microseconds(200), end: 1) == Self.after(4))
    #expect(Self.rest(effort: .milliseconds(9), end: 2) == Self.after(6))
  }

  @Test func `an answer that took long to come is a rest in itself`() {
    #expect(Self.rest(effort: .milliseconds(9), end: 6) == nil)
  }

  @Test func `each exchange is reckoned by itself`() {
    var rest = PullRest()
    rest.noteArrival(at: Self.start)
    rest.note(.milliseconds(1))
    #expect(rest.take(at: Self.start) != nil)
    rest.noteArrival(at: Self.after(100))
    #expect(rest.take(at: Self.after(100)) == nil)
  }
}
