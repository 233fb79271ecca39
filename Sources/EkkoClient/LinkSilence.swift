internal import EkkoCore

/// Tells a node that takes its time from a link that leads nowhere: after a while without a word on a
/// link that owes an answer the node is asked something it can answer at once; if it stays silent the
/// link is given up, and what was asked over it is asked again over another. The question may be behind
/// a long upload, so that the node has it only when all that has left: as long as some does, the link
/// lives. What leaves later says nothing, for the machine takes it, also where the node hangs.
struct LinkSilence: Hashable, Sendable {
  enum Action: Hashable, Sendable {
    case probe
    case giveUp
  }

  private var lastWord: MonotonicTime?
  private var probe: Probe?
  /// Whether something was asked that nobody waits for any more, and nothing has come since. Calls that
  /// are given up sooner than the link would otherwise each hide from the next that it leads nowhere.
  private(set) var isOwed = false

  /// The question that a silent node was asked.
  private struct Probe: Hashable, Sendable {
    let asked: MonotonicTime
    /// When it was asked, or something before it was last seen to have left.
    var since: MonotonicTime
    /// The bytes that had left by then.
    var departed: UInt64
    /// The bytes that have left when the question has; `nil` until the link has taken it.
    var end: UInt64?

    var hasLeft: Bool { self.end.map { $0 <= self.departed } ?? false }
  }

  static let beforeProbe = Duration.milliseconds(1500)
  static let afterProbe = Duration.milliseconds(1500)

  /// Something has come.
  mutating func end(at now: MonotonicTime) {
    self.lastWord = now
    self.probe = nil
    self.isOwed = false
  }

  /// Who asked waits no more.
  mutating func noteUnanswered() { self.isOwed = true }

  /// The link has taken the question that was asked at `asked`.
  ///
  /// - Parameter end: the bytes that will have left when it has.
  mutating func noteTaken(asked: MonotonicTime, end: UInt64) {
    guard self.probe?.asked == asked else { return }
    self.probe?.end = end
  }

  /// What is to be done now; to be called regularly.
  ///
  /// - Parameters:
  ///   - isWaiting: whether somebody waits for an answer.
  ///   - departed: the bytes that have left so far.
  mutating func check(
    isWaiting: Bool, departed: UInt64, at now: MonotonicTime
  ) -> Action? {
    guard isWaiting || self.isOwed, let lastWord = self.lastWord else {
      // Nothing is owed: the silence begins with the next request.
      self.end(at: now)
      return nil
    }
    if var probe = self.probe {
      if !probe.hasLeft, departed > probe.departed {
        probe.departed = departed
        probe.since = now
        self.probe = probe
      }
      return probe.since.advanced(by: Self.afterProbe) <= now ? .giveUp : nil
    }
    guard lastWord.advanced(by: Self.beforeProbe) <= now else { return nil }
    self.probe = Probe(asked: now, since: now, departed: departed)
    self.isOwed = true
    return .probe
  }
}
