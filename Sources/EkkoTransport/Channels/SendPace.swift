/// How fast a connection carries what it is given, for a sender whose bytes should be as new as can be when
/// they leave: it makes them only when so little is under way that they will not queue.
///
/// What fills the way is the delivery rate times the shortest round trip. Twice that much lets a connection
/// that was held back double its rate with every round trip.
package struct SendPace: Hashable, Sendable {
  /// Bytes a second that the other side has lately confirmed.
  package var deliveryRate: UInt64
  /// The shortest time to a confirmation.
  package var roundTrip: Duration
  /// Bytes of a full segment. The other side may confirm two at a time.
  package var segmentByteCount: Int

  private static let fillings = 2.0
  private static let leastWindow = 32 << 10
  private static let leastSegments = 3
  private static let delays = Duration.milliseconds(1)...Duration.milliseconds(50)

  package init(deliveryRate: UInt64, roundTrip: Duration, segmentByteCount: Int) {
    self.deliveryRate = deliveryRate
    self.roundTrip = roundTrip
    self.segmentByteCount = segmentByteCount
  }

  /// About so many bytes should be under way.
  package var window: Int {
    let path = Double(self.deliveryRate) * (self.roundTrip / .seconds(1)) * Self.fillings
    return max(
      Self.leastWindow, self.segmentByteCount * Self.leastSegments, Int(min(path, 0x1p40)))
  }

  /// How long to wait before more is made; `nil`: not at all.
  ///
  /// - Parameter underWay: bytes that were sent and are not confirmed.
  package func delay(underWay: Int) -> Duration? {
    let excess = underWay - self.window
    guard excess > 0 else { return nil }
    let time = Duration.seconds(Double(excess) / Double(max(1, self.deliveryRate)))
    return min(max(time, Self.delays.lowerBound), Self.delays.upperBound)
  }
}
