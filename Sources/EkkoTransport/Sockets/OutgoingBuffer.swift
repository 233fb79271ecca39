/// The accepted but unsent bytes of a channel, in order: pieces as they were handed over.
struct OutgoingBuffer: Sendable {
  /// Pieces up to this size are joined to the one before if that has to wait already: small writes
  /// take little more memory than their bytes, and leave in one call.
  private static let joinedByteCount = 16 << 10

  private var pieces: [ArraySlice<UInt8>] = []
  /// The first piece that is not entirely sent; none is empty from there on.
  private var first = 0
  private(set) var byteCount = 0

  var isEmpty: Bool { self.byteCount == 0 }

  /// Takes all of `pieces` and answers how many bytes they are.
  mutating func append(_ pieces: [ArraySlice<UInt8>]) -> Int {
    let before = self.byteCount
    for piece in pieces { self.byteCount += piece.count }
    if before == 0, pieces.allSatisfy({ !$0.isEmpty }) {
      (self.pieces, self.first) = (pieces, 0)
    } else {
      for piece in pieces where !piece.isEmpty { self.append(piece) }
    }
    return self.byteCount - before
  }

  private mutating func append(_ piece: ArraySlice<UInt8>) {
    let last = self.pieces.count - 1
    if last >= self.first, piece.count <= Self.joinedByteCount,
      self.pieces[last].count <= Self.joinedByteCount
    {
      self.pieces[last].append(contentsOf: piece)
    } else {
      self.pieces.append(piece)
    }
  }

  mutating func removeAll() { self = OutgoingBuffer() }

  /// Offers what is unsent to `send`, which answers how many bytes it took, until that answers `nil`
  /// (no room) or nothing is left.
  mutating func drain(
    _ send: (ArraySlice<ArraySlice<UInt8>>) throws(SystemError) -> Int?
  ) throws(SystemError) {
    while !self.isEmpty {
      guard let sent = try send(self.pieces[self.first...]) else { return }
      self.advance(by: sent)
    }
    self.pieces = []
    self.first = 0
  }

  private mutating func advance(by sent: Int) {
    self.byteCount -= sent
    var left = sent
    while left > 0 {
      let count = self.pieces[self.first].count
      guard left >= count else {
        self.pieces[self.first] = self.pieces[self.first].dropFirst(left)
        break
      }
      // Its bytes are released now; its place when the front half of the places is empty.
      self.pieces[self.first] = []
      self.first += 1
      left -= count
    }
    if self.first > 32, self.first * 2 > self.pieces.count {
      self.pieces.removeFirst(self.first)
      self.first = 0
    }
  }
}
