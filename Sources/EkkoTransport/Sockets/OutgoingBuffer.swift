/// The accepted but unsent bytes of a channel, in order.
struct OutgoingBuffer: Sendable {
  /// Pieces up to this size are joined to the one before, so that they leave in one call.
  private static let joinedByteCount = 16 << 10

  private var pieces: [[UInt8]] = []
  /// The first piece that is not entirely sent, and how much of it is.
  private var first = 0
  private var sentOfFirst = 0
  private(set) var byteCount = 0

  var isEmpty: Bool { self.byteCount == 0 }

  mutating func append(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    self.byteCount += bytes.count
    if self.first < self.pieces.count, bytes.count <= Self.joinedByteCount,
      self.pieces[self.pieces.count - 1].count <= Self.joinedByteCount
    {
      self.pieces[self.pieces.count - 1].append(contentsOf: bytes)
    } else {
      self.pieces.append(bytes)
    }
  }

  mutating func removeAll() { self = OutgoingBuffer() }

  /// Gives the bytes to `send` until it answers `nil` (no room) or nothing is left.
  mutating func drain(
    pieceLimit: Int, _ send: (RawSpan) throws(SystemError) -> Int?
  ) throws(SystemError) {
    while self.first < self.pieces.count {
      let piece = self.pieces[self.first]
      let rest = unsafe piece.span.bytes.extracting(droppingFirst: self.sentOfFirst)
      guard let sent = try send(rest.extracting(first: min(pieceLimit, rest.byteCount))) else {
        return
      }
      self.advance(by: sent)
    }
    self.pieces.removeAll(keepingCapacity: true)
    self.first = 0
  }

  private mutating func advance(by sent: Int) {
    self.byteCount -= sent
    self.sentOfFirst += sent
    guard self.sentOfFirst == self.pieces[self.first].count else { return }
    // Its bytes are released now; its place when the front half of the places is empty.
    self.pieces[self.first] = []
    self.first += 1
    self.sentOfFirst = 0
    if self.first > 32, self.first * 2 > self.pieces.count {
      self.pieces.removeFirst(self.first)
      self.first = 0
    }
  }
}
