/// How long to wait between two rounds of saving: so long that saving takes at most a tenth of the time,
/// where rounds take about as long as each other.
///
/// A slow round between quick ones counts for nothing. A machine that stood still for a minute in the
/// middle of it would else save nothing for nine more.
struct SavingPace: Sendable {
  private let interval: Duration
  private var roundBefore = Duration.zero

  /// - Parameter interval: the shortest pause.
  init(interval: Duration) { self.interval = interval }

  /// The pause after a round that took `round`.
  mutating func pause(after round: Duration) -> Duration {
    defer { self.roundBefore = round }
    return max(self.interval, min(round, self.roundBefore) * 9)
  }
}
