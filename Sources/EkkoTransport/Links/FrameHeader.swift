/// The first bytes of a frame, as `FrameLayout` explains them; nothing in them is checked.
struct FrameHeader {
  /// All but the stream.
  let head: UInt64
  let stream: UInt32

  init(length: Int, kind: UInt8, stream: UInt32) {
    self.head =
      UInt64(length) | UInt64(FrameLayout.version) << 32 | UInt64(kind) << 40
    self.stream = stream
  }

  /// Traps if `bytes` are too few.
  init(_ bytes: RawSpan) {
    // SAFETY: the loads check their bounds; every bit pattern is an integer.
    self.head = unsafe UInt64(
      littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self))
    self.stream = unsafe UInt32(
      littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt32.self))
  }

  /// Of what follows the length itself.
  var length: Int { Int(self.head & 0xFFFF_FFFF) }
  var version: UInt8 { UInt8(truncatingIfNeeded: self.head >> 32) }
  var kind: UInt8 { UInt8(truncatingIfNeeded: self.head >> 40) }
  var reserved: UInt16 { UInt16(truncatingIfNeeded: self.head >> 48) }
}
