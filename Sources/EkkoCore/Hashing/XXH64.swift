/// The XXH64 hash (Yann Collet), seed 0 unless stated: feature text → key, digests (DESIGN §4).
///
/// Fixed for ever and equal in every process, unlike `hashValue`. Feeding the same bytes in any
/// number of pieces gives the same hash.
package struct XXH64: Sendable {
  private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
  private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
  private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
  private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5
  private static let stripeByteCount = 32

  private let seed: UInt64
  private var lanes: Lanes
  private var byteCount: UInt64 = 0
  /// The bytes of an unfinished stripe; the first `byteCount % 32` are in use.
  private var pending = [32 of UInt8](repeating: 0)

  /// The four accumulators that each take eight bytes of a stripe.
  private struct Lanes: Sendable {
    var first: UInt64
    var second: UInt64
    var third: UInt64
    var fourth: UInt64
  }

  package init(seed: UInt64 = 0) {
    self.seed = seed
    self.lanes = Lanes(
      first: seed &+ Self.prime1 &+ Self.prime2, second: seed &+ Self.prime2, third: seed,
      fourth: seed &- Self.prime1)
  }

  /// Hashes the UTF-8 form of `text` with seed 0.
  package static func hash(utf8Of text: String) -> UInt64 { Self.hash(text.utf8.span) }

  /// Hashes `bytes` with seed 0.
  package static func hash(_ bytes: Span<UInt8>) -> UInt64 {
    var hash = XXH64()
    // Bytes have no padding to expose.
    unsafe hash.update(bytes.bytes)
    return hash.finalize()
  }

  /// Appends `bytes` to what is hashed.
  package mutating func update(_ bytes: RawSpan) {
    let held = Int(self.byteCount % UInt64(Self.stripeByteCount))
    self.byteCount &+= UInt64(bytes.byteCount)
    var offset = 0
    if held > 0 {
      offset = min(Self.stripeByteCount - held, bytes.byteCount)
      self.hold(bytes.extracting(first: offset), at: held)
      guard held + offset == Self.stripeByteCount else { return }
      let stripe = self.pending
      unsafe self.consumeStripes(of: stripe.span.bytes)
    }
    let whole = (bytes.byteCount - offset) & ~(Self.stripeByteCount - 1)
    self.consumeStripes(of: bytes.extracting(offset..<(offset + whole)))
    self.hold(bytes.extracting(droppingFirst: offset + whole), at: 0)
  }

  /// The hash of everything fed so far; more may follow.
  package func finalize() -> UInt64 {
    var hash = self.byteCount < Self.stripeByteCount ? self.seed &+ Self.prime5 : self.mergedLanes()
    hash &+= self.byteCount
    let tailCount = Int(self.byteCount % UInt64(Self.stripeByteCount))
    let pending = self.pending
    let tail = unsafe pending.span.bytes.extracting(first: tailCount)
    var offset = 0
    while offset + 8 <= tailCount {
      hash ^= Self.round(0, Self.word(tail, offset))
      hash = Self.rotate(hash, 27) &* Self.prime1 &+ Self.prime4
      offset += 8
    }
    if offset + 4 <= tailCount {
      let half = unsafe UInt32(
        littleEndian: tail.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
      hash ^= UInt64(half) &* Self.prime1
      hash = Self.rotate(hash, 23) &* Self.prime2 &+ Self.prime3
      offset += 4
    }
    while offset < tailCount {
      hash ^= UInt64(pending[offset]) &* Self.prime5
      hash = Self.rotate(hash, 11) &* Self.prime1
      offset += 1
    }
    return Self.avalanche(hash)
  }

  private mutating func hold(_ bytes: RawSpan, at start: Int) {
    for index in 0..<bytes.byteCount {
      self.pending[start + index] = unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
    }
  }

  private mutating func consumeStripes(of bytes: RawSpan) {
    var lanes = self.lanes
    var offset = 0
    while offset < bytes.byteCount {
      lanes.first = Self.round(lanes.first, Self.word(bytes, offset))
      lanes.second = Self.round(lanes.second, Self.word(bytes, offset + 8))
      lanes.third = Self.round(lanes.third, Self.word(bytes, offset + 16))
      lanes.fourth = Self.round(lanes.fourth, Self.word(bytes, offset + 24))
      offset += Self.stripeByteCount
    }
    self.lanes = lanes
  }

  private func mergedLanes() -> UInt64 {
    let lanes = self.lanes
    var hash =
      Self.rotate(lanes.first, 1) &+ Self.rotate(lanes.second, 7)
      &+ Self.rotate(lanes.third, 12) &+ Self.rotate(lanes.fourth, 18)
    hash = (hash ^ Self.round(0, lanes.first)) &* Self.prime1 &+ Self.prime4
    hash = (hash ^ Self.round(0, lanes.second)) &* Self.prime1 &+ Self.prime4
    hash = (hash ^ Self.round(0, lanes.third)) &* Self.prime1 &+ Self.prime4
    return (hash ^ Self.round(0, lanes.fourth)) &* Self.prime1 &+ Self.prime4
  }

  @inline(__always)
  private static func word(_ bytes: RawSpan, _ offset: Int) -> UInt64 {
    // SAFETY: the load checks its bounds; every bit pattern is an integer.
    unsafe UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  @inline(__always)
  private static func round(_ accumulator: UInt64, _ input: UInt64) -> UInt64 {
    Self.rotate(accumulator &+ input &* Self.prime2, 31) &* Self.prime1
  }

  @inline(__always)
  private static func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
    (value &<< count) | (value &>> (64 &- count))
  }

  private static func avalanche(_ value: UInt64) -> UInt64 {
    var mixed = (value ^ (value >> 33)) &* Self.prime2
    mixed = (mixed ^ (mixed >> 29)) &* Self.prime3
    return mixed ^ (mixed >> 32)
  }
}
