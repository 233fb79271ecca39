internal import EkkoCore

/// Finds the frames in the bytes of one direction of a link.
///
/// A frame that lies whole in a received piece is handed out in place; only one that spans pieces
/// is copied. Lengths are checked before use, so no more is held than was received.
struct FrameDecoder: Sendable {
  /// Both may change between two frames, when a handshake ends.
  var seal: FrameSeal
  var limit: Int

  private var input: [UInt8] = []
  private var position = 0
  /// The start of a frame whose rest has not come.
  private var partial: [UInt8] = []

  init(seal: FrameSeal, limit: Int) {
    self.seal = seal
    self.limit = limit
  }

  /// Whether the bytes so far end inside a frame.
  var isMidFrame: Bool { !self.partial.isEmpty || self.position < self.input.count }

  /// Adds received bytes; call it when `next` has answered `nil`.
  mutating func feed(_ bytes: [UInt8]) {
    precondition(self.position == self.input.count, "bytes fed before the last were used up")
    self.input = bytes
    self.position = 0
  }

  /// The next whole frame, or `nil` if more bytes are needed.
  mutating func next() throws(FrameError) -> Frame? {
    if !self.partial.isEmpty {
      guard self.fillPartial(to: FrameLayout.headerByteCount) else { return nil }
      let total = try self.totalByteCount(self.partial, at: 0)
      guard self.fillPartial(to: total) else { return nil }
      let bytes = self.partial
      self.partial = []
      return try self.open(bytes, 0..<total)
    }
    let available = self.input.count - self.position
    guard available > 0 else {
      (self.input, self.position) = ([], 0)
      return nil
    }
    if available >= FrameLayout.headerByteCount {
      let total = try self.totalByteCount(self.input, at: self.position)
      if available >= total {
        defer { self.position += total }
        return try self.open(self.input, self.position..<(self.position + total))
      }
    }
    self.partial = Array(self.input[self.position...])
    (self.input, self.position) = ([], 0)
    return nil
  }

  /// Moves input to the partial frame until that has `count` bytes; answers whether it has.
  private mutating func fillPartial(to count: Int) -> Bool {
    let taken = min(max(0, count - self.partial.count), self.input.count - self.position)
    self.partial.append(contentsOf: self.input[self.position..<(self.position + taken)])
    self.position += taken
    return self.partial.count >= count
  }

  /// The size of the frame whose header starts at `start`, once that is known to be acceptable.
  private func totalByteCount(_ bytes: [UInt8], at start: Int) throws(FrameError) -> Int {
    let length = (0..<4).reduce(0) { $0 | Int(bytes[start + $1]) << (8 * $1) }
    let total = length + FrameLayout.lengthByteCount
    let smallest = FrameLayout.headerByteCount + self.seal.trailerByteCount
    guard total >= smallest, total <= self.limit else {
      throw .lengthOutOfRange(length: length, limit: self.limit - FrameLayout.lengthByteCount)
    }
    guard bytes[start + 4] == FrameLayout.version else {
      throw .unsupportedVersion(bytes[start + 4])
    }
    let reserved = UInt16(bytes[start + 6]) | UInt16(bytes[start + 7]) << 8
    guard reserved == 0 else { throw .reservedBits(reserved) }
    return total
  }

  private mutating func open(_ bytes: [UInt8], _ range: Range<Int>) throws(FrameError) -> Frame {
    let sealed = range.upperBound - self.seal.trailerByteCount
    // Bytes have no padding to expose.
    let all = unsafe bytes.span.bytes
    let isWhole = self.seal.opens(
      all.extracting(range.lowerBound..<sealed), trailer: all.extracting(sealed..<range.upperBound))
    guard isWhole else { throw .trailerMismatch }
    let start = range.lowerBound
    let stream = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + 8 + $1]) << (8 * $1) }
    return Frame(
      kind: bytes[start + 5], stream: stream,
      payload: bytes[(start + FrameLayout.headerByteCount)..<sealed])
  }
}
