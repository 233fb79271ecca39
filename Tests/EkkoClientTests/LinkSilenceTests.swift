import EkkoCore
import Testing

@testable import EkkoClient

struct LinkSilenceTests {
  /// What happens at a moment, in milliseconds: a word from the node, a caller that gives up, or a look;
  /// that the link takes the question; that so many bytes have left.
  enum Event: Sendable, CustomStringConvertible {
    case word(Int64)
    case unanswered
    case taken(Int64, end: UInt64)
    case left(UInt64)
    case look(Int64, isWaiting: Bool, LinkSilence.Action?)

    var description: String {
      switch self {
      case .word(let time): "word at \(time)"
      case .unanswered: "given up"
      case .taken(let time, let end): "what was asked at \(time) is taken, to \(end)"
      case .left(let count): "\(count) have left"
      case .look(let time, let isWaiting, let action):
        "\(isWaiting ? "waiting" : "idle") at \(time): \(action.map { "\($0)" } ?? "nothing")"
      }
    }
  }

  /// The node has 1,500 ms to say something, and 1,500 ms more once it is asked.
  @Test(arguments: [
    // Silence is counted from the first look at which an answer is owed.
    [Event.look(0, isWaiting: true, nil), .look(1499, isWaiting: true, nil)],
    [.look(0, isWaiting: true, nil), .look(1500, isWaiting: true, .probe)],
    // Asked once, then given up, and no sooner; and again while it has not gone.
    [
      .look(0, isWaiting: true, nil), .look(1500, isWaiting: true, .probe),
      .look(1600, isWaiting: true, nil), .look(2999, isWaiting: true, nil),
      .look(3000, isWaiting: true, .giveUp), .look(3050, isWaiting: true, .giveUp),
    ],
    // A late look does not shorten the time to answer.
    [
      .look(0, isWaiting: true, nil), .look(5000, isWaiting: true, .probe),
      .look(6499, isWaiting: true, nil), .look(6500, isWaiting: true, .giveUp),
    ],
    // Any word ends the silence, before the question and after it.
    [
      .look(0, isWaiting: true, nil), .word(1400), .look(2899, isWaiting: true, nil),
      .look(2900, isWaiting: true, .probe),
    ],
    [
      .look(0, isWaiting: true, nil), .look(1500, isWaiting: true, .probe), .word(2999),
      .look(3000, isWaiting: true, nil), .look(4499, isWaiting: true, .probe),
      .look(5999, isWaiting: true, .giveUp),
    ],
    // A link that owes nothing may be silent for ever; then the next request has all the time.
    [
      .look(0, isWaiting: false, nil), .look(9000, isWaiting: false, nil),
      .look(9050, isWaiting: true, nil), .look(10499, isWaiting: true, nil),
      .look(10500, isWaiting: true, .probe),
    ],
    // Who gives up leaves the question open, and so does what was asked to find out; until a word.
    [
      .look(0, isWaiting: true, nil), .look(1500, isWaiting: true, .probe),
      .look(1600, isWaiting: false, nil), .look(3000, isWaiting: false, .giveUp),
    ],
    [
      .look(0, isWaiting: true, nil), .unanswered, .look(1000, isWaiting: false, nil),
      .look(1500, isWaiting: true, .probe), .unanswered, .look(3000, isWaiting: true, .giveUp),
    ],
    [
      .look(0, isWaiting: true, nil), .unanswered, .word(1000), .look(1100, isWaiting: false, nil),
      .look(2599, isWaiting: true, nil), .look(2600, isWaiting: true, .probe),
    ],
    [.word(0), .look(2000, isWaiting: true, .probe)],
    // What leaves before the question, or with it, is a sign of life; what leaves later is none.
    [
      .look(0, isWaiting: true, nil), .left(10), .look(1500, isWaiting: true, .probe),
      .left(11), .look(2900, isWaiting: true, nil), .look(4399, isWaiting: true, nil),
      .look(4400, isWaiting: true, .giveUp),
    ],
    [
      .look(0, isWaiting: true, nil), .look(1500, isWaiting: true, .probe),
      .taken(1500, end: 90), .left(50), .look(2500, isWaiting: true, nil), .left(90),
      .look(3900, isWaiting: true, nil),
      .left(99), .look(5399, isWaiting: true, nil), .look(5400, isWaiting: true, .giveUp),
    ],
    // It may have left before that is told.
    [
      .look(0, isWaiting: true, nil), .look(1500, isWaiting: true, .probe), .left(99),
      .look(2000, isWaiting: true, nil), .taken(1500, end: 90), .left(200),
      .look(3499, isWaiting: true, nil), .look(3500, isWaiting: true, .giveUp),
    ],
    // A link on which nothing leaves is given up, also where it takes the question.
    [
      .left(5), .look(0, isWaiting: true, nil), .look(1500, isWaiting: true, .probe),
      .look(2500, isWaiting: true, nil), .taken(1500, end: 90),
      .look(3000, isWaiting: true, .giveUp),
    ],
    // A word makes the next question another.
    [
      .look(0, isWaiting: true, nil), .look(1500, isWaiting: true, .probe), .word(1600),
      .left(20), .look(3100, isWaiting: true, .probe), .taken(1500, end: 1), .left(30),
      .look(4000, isWaiting: true, nil), .look(4600, isWaiting: true, nil),
      .look(5500, isWaiting: true, .giveUp),
    ],
  ])
  func `a link that owes an answer is asked, then given up`(events: [Event]) {
    var silence = LinkSilence()
    var departed: UInt64 = 0
    for (number, event) in events.enumerated() {
      switch event {
      case .word(let time): silence.end(at: Self.time(time))
      case .unanswered: silence.noteUnanswered()
      case .taken(let time, let end): silence.noteTaken(asked: Self.time(time), end: end)
      case .left(let count): departed = count
      case .look(let time, let isWaiting, let action):
        let done = silence.check(
          isWaiting: isWaiting, departed: departed, at: Self.time(time))
        #expect(done == action, "\(number): \(event)")
      }
    }
  }

  private static func time(_ milliseconds: Int64) -> MonotonicTime {
    MonotonicTime(nanoseconds: milliseconds * 1_000_000)
  }
}
