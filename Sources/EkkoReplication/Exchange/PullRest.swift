internal import EkkoCore

/// How long a link rests after an exchange: an exchange begins at the earliest so many times as long
/// after the answer of the one before as it took to take that answer, and at once after one that was
/// taken quickly. Under load more updates of a row then meet in one pull, of which only the latest is
/// sent; a quiet link answers at once, and where the network is the narrow place nobody rests.
struct PullRest: Sendable {
  /// How long taking the answer of this exchange has taken so far.
  private var effort = Duration.zero
  /// When the answer began to come.
  private var start: MonotonicTime?

  private static let factor = 20
  private static let shortest = Duration.milliseconds(2)
  private static let longest = Duration.milliseconds(6)

  /// More of the answer is there.
  mutating func noteArrival(at now: MonotonicTime) { self.start = self.start ?? now }

  mutating func note(_ effort: Duration) { self.effort += effort }

  /// Until when to rest now, if at all; the next exchange begins anew.
  mutating func take(at now: MonotonicTime) -> MonotonicTime? {
    defer { self = PullRest() }
    let rest = min(self.effort * Self.factor, Self.longest)
    guard rest >= Self.shortest, let end = self.start?.advanced(by: rest), end > now else {
      return nil
    }
    return end
  }
}
