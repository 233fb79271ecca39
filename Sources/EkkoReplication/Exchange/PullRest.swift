/// How long a link rests after an exchange: for so many times as long as it took to take what came, and
/// not at all after a short one. Under load more updates of a row then meet in one pull, of which only
/// the latest is sent; a quiet link answers at once.
struct PullRest: Sendable {
  /// How long taking the answer of this exchange has taken so far.
  private var effort = Duration.zero

  private static let factor = 20
  private static let shortest = Duration.milliseconds(2)
  private static let longest = Duration.milliseconds(6)

  mutating func note(_ effort: Duration) { self.effort += effort }

  /// The rest that is due now, if one is; the next exchange begins anew.
  mutating func take() -> Duration? {
    defer { self.effort = .zero }
    let rest = min(self.effort * Self.factor, Self.longest)
    return rest < Self.shortest ? nil : rest
  }
}
