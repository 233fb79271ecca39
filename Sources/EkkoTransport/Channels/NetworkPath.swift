/// What a channel knows of the way to its other side.
package struct NetworkPath: Hashable, Sendable {
  /// The shortest time to a confirmation.
  package var roundTrip: Duration
  /// Bytes of a full segment. The other side may confirm two at a time.
  package var segmentByteCount: Int

  package init(roundTrip: Duration, segmentByteCount: Int) {
    self.roundTrip = roundTrip
    self.segmentByteCount = segmentByteCount
  }
}
