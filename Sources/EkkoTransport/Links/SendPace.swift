internal import EkkoCore

/// When to make what is sent over a link, if it should be as new as can be when it leaves: once so little
/// is under way that more will not queue.
///
/// It learns the rate at which bytes leave while some are waiting. What fills the way is that times the
/// shortest round trip; twice as much lets a link that was held back double its rate with every round
/// trip. On a short way it is what leaves while a timer is late.
package struct SendPace: Sendable {
  /// When to make what is sent next, and how much.
  package struct Turn: Hashable, Sendable {
    /// How long to wait, and then to ask again; `nil`: not at all.
    package var delay: Duration?
    /// About so many bytes should be under way.
    package var window: Int
  }

  /// Bytes a second; `nil` until it was seen.
  private var rate: Double?
  /// Since when bytes were under way all the time, and how many had left by then.
  private var start: (time: MonotonicTime, departed: UInt64)?

  private static let roundTrips = 2
  /// Timers of core loops are late by up to two milliseconds, and their threads wait for a processor.
  private static let lateness = Duration.milliseconds(4)
  /// Rates are taken over at least so long, and over a round trip.
  private static let shortestSample = Duration.milliseconds(4)
  private static let sampleWeight = 0.5
  private static let firstWindow = 128 << 10
  private static let leastWindow = 32 << 10
  private static let leastSegments = 3
  private static let delays = Duration.milliseconds(1)...Duration.milliseconds(50)

  /// To be asked each time before something is made and sent.
  mutating func nextTurn(
    _ outflow: Outflow, over path: NetworkPath, at now: MonotonicTime
  ) -> Turn {
    self.note(outflow, over: path, at: now)
    let window = self.window(over: path)
    let excess = outflow.underWay - window
    guard excess > 0 else { return Turn(delay: nil, window: window) }
    let time = self.rate.map { Duration.seconds(min(Double(excess) / max(1, $0), 1)) } ?? .zero
    return Turn(
      delay: min(max(time, Self.delays.lowerBound), Self.delays.upperBound), window: window)
  }

  private func window(over path: NetworkPath) -> Int {
    let least = max(Self.leastWindow, path.segmentByteCount * Self.leastSegments)
    guard let rate = self.rate else { return max(least, Self.firstWindow) }
    let time = max(path.roundTrip * Self.roundTrips, Self.lateness)
    return max(least, Int(min(rate * (time / .seconds(1)), 0x1p40)))
  }

  private mutating func note(_ outflow: Outflow, over path: NetworkPath, at now: MonotonicTime) {
    // What is sent next follows at once.
    guard let start = self.start, outflow.underWay > 0, start.departed <= outflow.departed else {
      self.start = (now, outflow.departed)
      return
    }
    let time = start.time.duration(to: now)
    guard time >= max(Self.shortestSample, path.roundTrip) else { return }
    let sample = Double(outflow.departed - start.departed) / (time / .seconds(1))
    self.rate = self.rate.map { $0 + (sample - $0) * Self.sampleWeight } ?? sample
    self.start = (now, outflow.departed)
  }
}
