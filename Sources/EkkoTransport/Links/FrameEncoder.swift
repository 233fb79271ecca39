/// Turns frames into the bytes of one direction of a link.
struct FrameEncoder: Sendable {
  var seal: FrameSeal
  private let limit: Int

  init(seal: FrameSeal, limit: Int) {
    self.seal = seal
    self.limit = limit
  }

  func byteCount(of frame: Frame) -> Int {
    FrameLayout.headerByteCount + frame.payload.count + self.seal.trailerByteCount
  }

  /// All of `frames` in one buffer, or nothing if one of them is too large.
  mutating func encode(_ frames: [Frame]) throws(FrameError) -> [UInt8] {
    var total = 0
    for frame in frames {
      let byteCount = self.byteCount(of: frame)
      guard byteCount <= self.limit else {
        throw .tooLarge(kind: frame.kind, byteCount: byteCount, limit: self.limit)
      }
      total += byteCount
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(total)
    for frame in frames { self.append(frame, to: &bytes) }
    return bytes
  }

  private mutating func append(_ frame: Frame, to bytes: inout [UInt8]) {
    let start = bytes.count
    let length = UInt32(self.byteCount(of: frame) - FrameLayout.lengthByteCount)
    Self.append(length, to: &bytes)
    bytes.append(FrameLayout.version)
    bytes.append(frame.kind)
    bytes.append(0)
    bytes.append(0)
    Self.append(frame.stream, to: &bytes)
    bytes.append(contentsOf: frame.payload)
    // Bytes have no padding to expose.
    let trailer = unsafe self.seal.trailer(for: bytes.span.bytes.extracting(droppingFirst: start))
    bytes.append(contentsOf: trailer)
  }

  private static func append(_ value: UInt32, to bytes: inout [UInt8]) {
    for index in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
  }
}
