/// SHA-256 (FIPS 180-4), fed in pieces: the hash under the shared-secret handshake.
package struct SHA256: Sendable {
  package static let blockByteCount = 64

  private var state: [8 of UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab,
    0x5be0_cd19,
  ]
  private var byteCount: UInt64 = 0
  /// The bytes of an unfinished block; the first `byteCount % 64` are in use.
  private var pending = [64 of UInt8](repeating: 0)

  private static let constants: [64 of UInt32] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4,
    0xab1c_5ed5, 0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe,
    0x9bdc_06a7, 0xc19b_f174, 0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f,
    0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da, 0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7,
    0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967, 0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc,
    0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85, 0xa2bf_e8a1, 0xa81a_664b,
    0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070, 0x19a4_c116,
    0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7,
    0xc671_78f2,
  ]

  package init() {}

  package static func digest(of bytes: RawSpan) -> SHA256Digest {
    var hash = SHA256()
    hash.update(bytes)
    return hash.finalize()
  }

  /// Appends `bytes` to what is hashed.
  package mutating func update(_ bytes: RawSpan) {
    let held = Int(self.byteCount % UInt64(Self.blockByteCount))
    self.byteCount &+= UInt64(bytes.byteCount)
    var offset = 0
    if held > 0 {
      offset = min(Self.blockByteCount - held, bytes.byteCount)
      self.hold(bytes.extracting(first: offset), at: held)
      guard held + offset == Self.blockByteCount else { return }
      let block = self.pending
      unsafe self.compress(block.span.bytes, at: 0)
    }
    while offset + Self.blockByteCount <= bytes.byteCount {
      self.compress(bytes, at: offset)
      offset += Self.blockByteCount
    }
    self.hold(bytes.extracting(droppingFirst: offset), at: 0)
  }

  /// The digest of everything fed so far; more may follow.
  package func finalize() -> SHA256Digest {
    var padded = self
    let held = Int(self.byteCount % UInt64(Self.blockByteCount))
    let paddingCount = (held < 56 ? 56 : 120) - held
    let bitCount = self.byteCount &* 8
    let padding = [72 of UInt8] { index in
      if index == 0 { return 0x80 }
      let place = index - paddingCount
      return (0..<8).contains(place)
        ? UInt8(truncatingIfNeeded: bitCount >> UInt64(56 - 8 * place)) : 0
    }
    unsafe padded.update(padding.span.bytes.extracting(first: paddingCount + 8))
    return SHA256Digest(state: padded.state)
  }

  private mutating func hold(_ bytes: RawSpan, at start: Int) {
    for index in 0..<bytes.byteCount {
      self.pending[start + index] = unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
    }
  }

  /// FIPS 180-4 §6.2.2 over the 64 bytes at `offset`; the names a…h and w are the standard's. The
  /// eight variables keep their places while their roles move, eight rounds at a time.
  private mutating func compress(_ bytes: RawSpan, at offset: Int) {
    var w = [64 of UInt32](repeating: 0)
    for index in 0..<16 {
      // SAFETY: the load checks its bounds; every bit pattern is an integer.
      w[index] = unsafe UInt32(
        bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset + 4 * index, as: UInt32.self))
    }
    for index in 16..<64 {
      let (near, far) = (w[index - 2], w[index - 15])
      let first = Self.rotate(far, 7) ^ Self.rotate(far, 18) ^ (far >> 3)
      let second = Self.rotate(near, 17) ^ Self.rotate(near, 19) ^ (near >> 10)
      w[index] = w[index - 16] &+ first &+ w[index - 7] &+ second
    }
    var (a, b, c, d) = (self.state[0], self.state[1], self.state[2], self.state[3])
    var (e, f, g, h) = (self.state[4], self.state[5], self.state[6], self.state[7])
    for round in stride(from: 0, to: 64, by: 8) {
      let k = Self.constants
      Self.step(a, b, c, &d, e, f, g, &h, w[round] &+ k[round])
      Self.step(h, a, b, &c, d, e, f, &g, w[round + 1] &+ k[round + 1])
      Self.step(g, h, a, &b, c, d, e, &f, w[round + 2] &+ k[round + 2])
      Self.step(f, g, h, &a, b, c, d, &e, w[round + 3] &+ k[round + 3])
      Self.step(e, f, g, &h, a, b, c, &d, w[round + 4] &+ k[round + 4])
      Self.step(d, e, f, &g, h, a, b, &c, w[round + 5] &+ k[round + 5])
      Self.step(c, d, e, &f, g, h, a, &b, w[round + 6] &+ k[round + 6])
      Self.step(b, c, d, &e, f, g, h, &a, w[round + 7] &+ k[round + 7])
    }
    let added: [8 of UInt32] = [a, b, c, d, e, f, g, h]
    for index in 0..<8 { self.state[index] &+= added[index] }
  }

  /// One round: only `d` and `h` change.
  @inline(__always)
  private static func step(
    _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32, _ e: UInt32, _ f: UInt32, _ g: UInt32,
    _ h: inout UInt32, _ input: UInt32
  ) {
    let sumE = Self.rotate(e, 6) ^ Self.rotate(e, 11) ^ Self.rotate(e, 25)
    let sumA = Self.rotate(a, 2) ^ Self.rotate(a, 13) ^ Self.rotate(a, 22)
    let first = h &+ sumE &+ ((e & f) ^ (~e & g)) &+ input
    d &+= first
    h = first &+ sumA &+ ((a & b) ^ (a & c) ^ (b & c))
  }

  @inline(__always)
  private static func rotate(_ value: UInt32, _ count: UInt32) -> UInt32 {
    (value &>> count) | (value &<< (32 &- count))
  }
}
