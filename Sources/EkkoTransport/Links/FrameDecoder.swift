internal import EkkoCore

/// Finds the frames in the bytes of one direction of a link.
///
/// Owns the memory they are received into, and hands frames out in place. Only the start of a frame
/// that follows others is moved, once, to where the rest of it has room; so a large frame is
/// received where it will be used. Lengths are checked before use, and no more room is made than as
/// much again as was received, and a constant.
struct FrameDecoder: Sendable {
  /// Both may change between two frames, when a handshake ends.
  var seal: FrameSeal
  var limit: Int

  private var bytes: [UInt8] = []
  /// Where in `bytes` the next frame starts.
  private var position = 0
  /// How many bytes that frame has, as far as can be told.
  private var nextByteCount = FrameLayout.headerByteCount
  private var readSize = ReadSize()

  init(seal: FrameSeal, limit: Int) {
    self.seal = seal
    self.limit = limit
  }

  /// Whether the bytes so far end inside a frame.
  var isMidFrame: Bool { self.position < self.bytes.count }

  /// Where to append what is received next, and how much of it there is room for. To be called when
  /// `next` has answered `nil`, and followed by `finishReading`, whatever the reading led to.
  mutating func startReading() -> (bytes: [UInt8], room: Int) {
    let rest = self.bytes.count - self.position
    let missing = min(self.nextByteCount - rest, rest + ReadSize.largest)
    var bytes: [UInt8] = []
    var room = max(missing, self.readSize.byteCount)
    if self.position == 0 {
      swap(&bytes, &self.bytes)
      // No frame lies in these bytes yet, so they can be added to in place.
      if bytes.capacity - rest >= missing { room = bytes.capacity - rest }
      if rest > 0 { bytes.reserveCapacity(rest + room) }
    } else if rest > 0 {
      bytes.reserveCapacity(rest + room)
      bytes.append(contentsOf: self.bytes[self.position...])
    }
    (self.bytes, self.position) = ([], 0)
    self.readSize.start(at: rest, room: room)
    return (bytes, room)
  }

  /// Takes back the bytes of `startReading`, which may have become more.
  mutating func finishReading(_ bytes: [UInt8]) {
    precondition(self.bytes.isEmpty, "bytes received before the last were used up")
    self.readSize.finish(at: bytes.count)
    self.bytes = bytes
  }

  /// The next whole frame, or `nil` if more bytes are needed.
  mutating func next() throws(FrameError) -> Frame? {
    let bytes = self.bytes
    let available = bytes.count - self.position
    guard available >= FrameLayout.headerByteCount else {
      self.nextByteCount = FrameLayout.headerByteCount
      // Nothing is kept for a peer that says nothing.
      if available == 0 { (self.bytes, self.position) = ([], 0) }
      return nil
    }
    // Bytes have no padding to expose.
    let rest = unsafe bytes.span.bytes.extracting(droppingFirst: self.position)
    let header = FrameHeader(rest)
    self.nextByteCount = try self.totalByteCount(header)
    guard available >= self.nextByteCount else { return nil }
    let sealed = self.nextByteCount - self.seal.trailerByteCount
    let isWhole = self.seal.opens(
      rest.extracting(first: sealed),
      trailer: rest.extracting(sealed..<self.nextByteCount))
    guard isWhole else { throw .trailerMismatch }
    let start = self.position
    self.position += self.nextByteCount
    return Frame(
      kind: header.kind, stream: header.stream,
      payload: bytes[(start + FrameLayout.headerByteCount)..<(start + sealed)])
  }

  /// The size of the frame that begins with `header`, once that is known to be acceptable.
  private func totalByteCount(_ header: FrameHeader) throws(FrameError) -> Int {
    let total = header.length + FrameLayout.lengthByteCount
    let smallest = FrameLayout.headerByteCount + self.seal.trailerByteCount
    guard total >= smallest, total <= self.limit else {
      throw .lengthOutOfRange(
        length: header.length, limit: self.limit - FrameLayout.lengthByteCount)
    }
    guard header.version == FrameLayout.version else { throw .unsupportedVersion(header.version) }
    guard header.reserved == 0 else { throw .reservedBits(header.reserved) }
    return total
  }
}
