/// One message on a link: a kind, the stream it belongs to, and bytes that the kind explains.
package struct Frame: Hashable, Sendable {
  package let kind: UInt8
  /// Tells exchanges that share a link apart; zero for the link as a whole.
  package let stream: UInt32
  /// A few bytes that are sent before the others, so that those can be sent from where they lie. A
  /// received frame has none: all is payload.
  package let lead: [UInt8]
  package let payload: ArraySlice<UInt8>

  package init(
    kind: UInt8, stream: UInt32 = 0, lead: [UInt8] = [], payload: ArraySlice<UInt8>
  ) {
    self.kind = kind
    self.stream = stream
    self.lead = lead
    self.payload = payload
  }

  package init(kind: UInt8, stream: UInt32 = 0, payload: [UInt8] = []) {
    self.init(kind: kind, stream: stream, payload: payload[...])
  }

  /// As the other side gets it.
  package var received: Frame {
    Frame(kind: self.kind, stream: self.stream, payload: self.lead + self.payload)
  }

  /// Smaller kinds belong to the link itself.
  package static let firstFreeKind: UInt8 = 16
}

/// The layout of a frame in wire format 1 (DESIGN §6.1), little-endian:
/// u32 length of what follows | u8 format version | u8 kind | u16 zero | u32 stream | payload |
/// trailer. The trailer covers everything before it.
enum FrameLayout {
  static let version: UInt8 = 1
  static let lengthByteCount = 4
  /// Length field included.
  static let headerByteCount = 12
}

/// How large frames may be, in bytes on the wire.
package struct FrameLimits: Hashable, Sendable {
  /// No setting allows more than this.
  package static let ceiling = 1 << 20

  package var largestSent = 64 << 10 {
    didSet { Self.check(self.largestSent) }
  }
  package var largestReceived = Self.ceiling {
    didSet { Self.check(self.largestReceived) }
  }

  package init() {}

  private static func check(_ byteCount: Int) {
    precondition((64...Self.ceiling).contains(byteCount), "frame limit \(byteCount) out of range")
  }
}

/// What is wrong with a frame. Received, it ends the link; nothing of that frame is used.
package enum FrameError: Error, Hashable, Sendable {
  case unsupportedVersion(UInt8)
  case reservedBits(UInt16)
  case lengthOutOfRange(length: Int, limit: Int)
  /// The bytes were changed on the way, or do not come from who holds the secret.
  case trailerMismatch
  /// The bytes ended inside a frame.
  case truncated
  case unexpectedKind(UInt8)
  /// Asked to send more than the limit; nothing was sent.
  case tooLarge(kind: UInt8, byteCount: Int, limit: Int)
}
