/// How much has gone over a link, headers and trailers included.
package struct LinkTraffic: Hashable, Sendable {
  package struct Tally: Hashable, Sendable {
    package var frameCount = 0
    package var byteCount = 0
  }

  package private(set) var sent: Direction
  package private(set) var received: Direction

  init(sent: Direction = Direction(), received: Direction = Direction()) {
    self.sent = sent
    self.received = received
  }

  /// One direction, in all and by kind of frame.
  package struct Direction: Hashable, Sendable {
    package private(set) var total = Tally()
    /// Indexed by kind, as far as kinds have been seen.
    private var byKind: [Tally] = []

    package subscript(kind: UInt8) -> Tally {
      Int(kind) < self.byKind.count ? self.byKind[Int(kind)] : Tally()
    }

    mutating func count(kind: UInt8, byteCount: Int) {
      while self.byKind.count <= Int(kind) { self.byKind.append(Tally()) }
      self.byKind[Int(kind)].frameCount += 1
      self.byKind[Int(kind)].byteCount += byteCount
      self.total.frameCount += 1
      self.total.byteCount += byteCount
    }
  }

  mutating func countSent(kind: UInt8, byteCount: Int) {
    self.sent.count(kind: kind, byteCount: byteCount)
  }

  mutating func countReceived(kind: UInt8, byteCount: Int) {
    self.received.count(kind: kind, byteCount: byteCount)
  }
}
