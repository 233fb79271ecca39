/// What has arrived and was not read yet, in order of arrival.
struct Inbox {
  /// Only the first may have been read in part.
  private var pieces: [[UInt8]] = []
  private var first = 0
  private var readOfFirst = 0
  private(set) var byteCount = 0

  mutating func append(_ bytes: [UInt8]) {
    self.pieces.append(bytes)
    self.byteCount += bytes.count
  }

  mutating func take(atMost limit: Int) -> [UInt8]? {
    guard self.first < self.pieces.count else { return nil }
    let piece = self.pieces[self.first]
    let count = min(piece.count - self.readOfFirst, limit)
    self.byteCount -= count
    guard count < piece.count else {
      self.dropFirst()
      return piece
    }
    let bytes = Array(piece[self.readOfFirst..<(self.readOfFirst + count)])
    self.readOfFirst += count
    if self.readOfFirst == piece.count { self.dropFirst() }
    return bytes
  }

  private mutating func dropFirst() {
    self.pieces[self.first] = []
    self.first += 1
    self.readOfFirst = 0
    if self.first == self.pieces.count {
      self.pieces.removeAll(keepingCapacity: true)
      self.first = 0
    } else if self.first > 32, self.first * 2 > self.pieces.count {
      self.pieces.removeFirst(self.first)
      self.first = 0
    }
  }
}
