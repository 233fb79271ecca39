import EkkoCore
import Testing

@testable import EkkoTransport

/// The deadlines of a loop against a plain dictionary.
@Suite struct DeadlinesTests {
  private static func time(_ nanoseconds: Int64) -> MonotonicTime {
    MonotonicTime(nanoseconds: nanoseconds)
  }

  @Test(arguments: UInt64(0)..<32)
  func `what is due is taken once and in order, and never waited for too long`(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    var deadlines = Deadlines()
    var model: [UInt64: MonotonicTime] = [:]
    var now = Self.time(0)
    for _ in 0..<500 {
      let registration = generator.next() % 20
      switch generator.next() % 4 {
      case 0, 1:
        let time = now.advanced(by: .nanoseconds(Int64(generator.next() % 100)))
        deadlines.set(time, for: registration)
        model[registration] = time
      case 2:
        deadlines.set(nil, for: registration)
        model[registration] = nil
      default:
        now = now.advanced(by: .nanoseconds(Int64(generator.next() % 50)))
        let due = model.filter { $0.value <= now }
          .sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
        for registration in due { model[registration] = nil }
        #expect(deadlines.takeDue(at: now) == due)
      }
      let earliest = deadlines.earliest
      #expect((earliest == nil) == model.isEmpty)
      #expect(model.values.allSatisfy { earliest ?? .never <= $0 })
    }
  }

  @Test func `one look at the time of a deadline that is gone finds the next`() {
    var deadlines = Deadlines()
    deadlines.set(Self.time(10), for: 1)
    deadlines.set(Self.time(20), for: 2)

    deadlines.set(nil, for: 1)

    #expect(deadlines.takeDue(at: Self.time(10)) == [])
    #expect(deadlines.earliest == Self.time(20))
  }
}
