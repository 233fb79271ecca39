internal import EkkoCore

/// Turns frames into the bytes of one direction of a link.
struct FrameEncoder: Sendable {
  /// Smaller payloads are copied: to send them from where they are would cost more.
  private static let smallestInPlace = 4 << 10

  var seal: FrameSeal
  private let limit: Int

  init(seal: FrameSeal, limit: Int) {
    self.seal = seal
    self.limit = limit
  }

  func byteCount(of frame: Frame) -> Int {
    FrameLayout.headerByteCount + frame.lead.count + frame.payload.count
      + self.seal.trailerByteCount
  }

  /// All of `frames` in pieces, or nothing if one of them is too large. Large payloads are pieces of
  /// their own, in place; everything between two of them is one piece of a common buffer.
  mutating func encode(_ frames: [Frame]) throws(FrameError) -> [ArraySlice<UInt8>] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(try self.bufferByteCount(for: frames))
    // Where in the buffer the payloads belong that are not in it.
    var gaps: [(offset: Int, payload: ArraySlice<UInt8>)] = []
    for frame in frames {
      let start = bytes.count
      self.appendHeader(of: frame, to: &bytes)
      bytes.append(contentsOf: frame.lead)
      if frame.payload.count < Self.smallestInPlace {
        bytes.append(contentsOf: frame.payload)
        self.appendTrailer(to: &bytes, from: start, payload: [])
      } else {
        gaps.append((bytes.count, frame.payload))
        self.appendTrailer(to: &bytes, from: start, payload: frame.payload)
      }
    }
    var pieces: [ArraySlice<UInt8>] = []
    pieces.reserveCapacity(2 * gaps.count + 1)
    var start = 0
    for gap in gaps {
      pieces.append(bytes[start..<gap.offset])
      pieces.append(gap.payload)
      start = gap.offset
    }
    pieces.append(bytes[start...])
    return pieces
  }

  private func bufferByteCount(for frames: [Frame]) throws(FrameError) -> Int {
    var total = 0
    for frame in frames {
      let byteCount = self.byteCount(of: frame)
      guard byteCount <= self.limit else {
        throw .tooLarge(kind: frame.kind, byteCount: byteCount, limit: self.limit)
      }
      total += byteCount
      if frame.payload.count >= Self.smallestInPlace { total -= frame.payload.count }
    }
    return total
  }

  private func appendHeader(of frame: Frame, to bytes: inout [UInt8]) {
    let header = FrameHeader(
      length: self.byteCount(of: frame) - FrameLayout.lengthByteCount, kind: frame.kind,
      stream: frame.stream)
    bytes.append(littleEndian: header.head)
    bytes.append(littleEndian: header.stream)
  }

  /// The trailer for what the buffer holds from `start` on, followed by `payload`.
  private mutating func appendTrailer(
    to bytes: inout [UInt8], from start: Int, payload: ArraySlice<UInt8>
  ) {
    // Bytes have no padding to expose.
    let trailer = unsafe self.seal.trailer(
      for: bytes.span.bytes.extracting(droppingFirst: start), payload.span.bytes)
    switch trailer {
    case .checksum(let checksum): bytes.append(littleEndian: checksum)
    case .code(let code): bytes.append(contentsOf: code.bytes)
    }
  }
}

extension [UInt8] {
  fileprivate mutating func append(littleEndian number: some FixedWidthInteger) {
    // SAFETY: the bytes of a local number are copied during the call.
    unsafe Swift.withUnsafeBytes(of: number.littleEndian) { unsafe self.append(contentsOf: $0) }
  }
}
