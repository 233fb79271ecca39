/// How much to read at once: as much as the stream has lately been worth.
struct ReadSize: Sendable {
  private static let smallest = 4 << 10
  /// What is received should still be in the processor's cache when it is used.
  static let largest = 256 << 10

  private(set) var byteCount = 16 << 10
  private var reading = (start: 0, room: 0)

  /// A read begins behind `start` bytes.
  mutating func start(at start: Int, room: Int) { self.reading = (start, room) }

  /// It has come as far as `end`.
  mutating func finish(at end: Int) {
    let received = end - self.reading.start
    if received >= self.reading.room {
      self.byteCount = min(self.byteCount * 2, Self.largest)
    } else if received < self.byteCount / 4 {
      self.byteCount = max(self.byteCount / 2, Self.smallest)
    }
  }
}
