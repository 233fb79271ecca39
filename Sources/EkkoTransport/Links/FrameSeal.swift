internal import EkkoCore

/// Makes and checks the trailers of one direction of a link.
///
/// Without a secret a trailer is the CRC-32C of the frame and guards against accidents. With one it
/// is an HMAC-SHA-256 over the frame's number in its direction and the frame, under a key of this
/// link and direction: frames cannot be changed, dropped, repeated, reordered or reflected unseen.
struct FrameSeal: Sendable {
  private enum Method {
    case checksum
    case keyed(HMACSHA256)
  }

  private let method: Method
  /// Counted, never sent.
  private var sequence: UInt64 = 0

  static let checksum = FrameSeal(method: .checksum)

  private init(method: Method) { self.method = method }

  init(key: SHA256Digest) {
    let bytes = key.bytes
    self.init(method: .keyed(HMACSHA256(key: bytes.span)))
  }

  var trailerByteCount: Int {
    switch self.method {
    case .checksum: 4
    case .keyed: SHA256Digest.byteCount
    }
  }

  enum Trailer {
    case checksum(UInt32)
    case code(SHA256Digest)
  }

  /// The trailer for the frame that is `start` followed by `rest`, which is then counted.
  mutating func trailer(for start: RawSpan, _ rest: RawSpan) -> Trailer {
    switch self.method {
    case .checksum:
      var checksum = CRC32C()
      checksum.update(start)
      checksum.update(rest)
      return .checksum(checksum.finalize())
    case .keyed(let fresh): return .code(self.nextCode(of: start, rest, from: fresh))
    }
  }

  /// Whether `trailer` is the one for `frame`, which is then counted.
  mutating func opens(_ frame: RawSpan, trailer: RawSpan) -> Bool {
    switch self.method {
    case .checksum:
      var reader = ByteReader(trailer)
      return (try? reader.readUInt32()) == CRC32C.checksum(of: frame)
    case .keyed(let fresh):
      return SHA256Digest(trailer) == self.nextCode(of: frame, RawSpan(), from: fresh)
    }
  }

  private mutating func nextCode(
    of start: RawSpan, _ rest: RawSpan, from fresh: HMACSHA256
  ) -> SHA256Digest {
    var code = fresh
    var number = ByteWriter(reservingCapacity: 8)
    number.write(self.sequence)
    unsafe code.update(number.bytes.span.bytes)
    code.update(start)
    code.update(rest)
    self.sequence += 1
    return code.finalize()
  }
}
