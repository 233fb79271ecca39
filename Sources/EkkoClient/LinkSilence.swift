internal import EkkoCore

/// Tells a node that takes its time from a link that leads nowhere: after a while without a word on a
/// link that owes an answer the node is asked something it can answer at once; if it stays silent the
/// link is given up, and what was asked over it is asked again over another.
struct LinkSilence: Hashable, Sendable {
  enum Action: Hashable, Sendable {
    case probe
    case giveUp
  }

  private var lastWord: MonotonicTime?
  private var probed: MonotonicTime?
  /// Whether something was asked that nobody waits for any more, and nothing has come since. Calls that
  /// are given up sooner than the link would otherwise each hide from the next that it leads nowhere.
  private(set) var isOwed = false

  static let beforeProbe = Duration.milliseconds(1500)
  static let afterProbe = Duration.milliseconds(1500)

  /// Something has come.
  mutating func end(at now: MonotonicTime) {
    self.lastWord = now
    self.probed = nil
    self.isOwed = false
  }

  /// Who asked waits no more.
  mutating func noteUnanswered() { self.isOwed = true }

  /// What is to be done now; to be called regularly.
  ///
  /// - Parameter isWaiting: whether somebody waits for an answer.
  mutating func check(isWaiting: Bool, at now: MonotonicTime) -> Action? {
    guard isWaiting || self.isOwed, let lastWord = self.lastWord else {
      // Nothing is owed: the silence begins with the next request.
      self.end(at: now)
      return nil
    }
    if let probed = self.probed {
      return probed.advanced(by: Self.afterProbe) <= now ? .giveUp : nil
    }
    guard lastWord.advanced(by: Self.beforeProbe) <= now else { return nil }
    self.probed = now
    self.isOwed = true
    return .probe
  }
}
