/// A 32-byte result of SHA-256 or of its keyed form.
///
/// Equality takes the same time whatever the bytes are, so that comparing an authentication code
/// with a guess tells the guesser nothing.
package struct SHA256Digest: Equatable, Sendable {
  package static let byteCount = 32

  /// Four big-endian words, so that comparing needs no branch and storing no heap.
  private let words: [4 of UInt64]

  /// Joins the eight state words of the hash.
  init(state: [8 of UInt32]) {
    self.words = [4 of UInt64] { UInt64(state[2 * $0]) << 32 | UInt64(state[2 * $0 + 1]) }
  }

  /// The first 32 bytes of `bytes`, or `nil` if there are fewer.
  package init?(_ bytes: RawSpan) {
    guard bytes.byteCount >= Self.byteCount else { return nil }
    var words = [4 of UInt64](repeating: 0)
    for index in 0..<4 {
      // SAFETY: the length was checked; every bit pattern is an integer.
      words[index] = unsafe UInt64(
        bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
    }
    self.words = words
  }

  package var bytes: [UInt8] {
    (0..<Self.byteCount).map {
      UInt8(truncatingIfNeeded: self.words[$0 / 8] >> UInt64(56 - 8 * ($0 % 8)))
    }
  }

  package static func == (left: SHA256Digest, right: SHA256Digest) -> Bool {
    var difference: UInt64 = 0
    for index in 0..<4 { difference |= left.words[index] ^ right.words[index] }
    return difference == 0
  }
}
