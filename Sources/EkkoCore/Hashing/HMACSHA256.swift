/// HMAC-SHA-256 (RFC 2104): proves that the bytes come from someone who holds the key.
///
/// A copy of a fresh value is a fresh value: keep one per key and copy it per message, which saves
/// hashing the key again.
package struct HMACSHA256: Sendable {
  private var inner = SHA256()
  private var outer = SHA256()

  package init(key: Span<UInt8>) {
    // Bytes have no padding to expose; likewise below.
    let key = unsafe key.bytes
    var block = [UInt8](repeating: 0, count: SHA256.blockByteCount)
    if key.byteCount > SHA256.blockByteCount {
      let digest = SHA256.digest(of: key).bytes
      block.replaceSubrange(0..<digest.count, with: digest)
    } else {
      for index in 0..<key.byteCount {
        block[index] = unsafe key.unsafeLoad(fromByteOffset: index, as: UInt8.self)
      }
    }
    let innerBlock = block.map { $0 ^ 0x36 }
    let outerBlock = block.map { $0 ^ 0x5C }
    unsafe self.inner.update(innerBlock.span.bytes)
    unsafe self.outer.update(outerBlock.span.bytes)
  }

  package static func code(for bytes: Span<UInt8>, key: Span<UInt8>) -> SHA256Digest {
    var code = HMACSHA256(key: key)
    unsafe code.update(bytes.bytes)
    return code.finalize()
  }

  package mutating func update(_ bytes: RawSpan) { self.inner.update(bytes) }

  /// The code of everything fed so far; more may follow.
  package func finalize() -> SHA256Digest {
    var outer = self.outer
    let digest = self.inner.finalize().bytes
    unsafe outer.update(digest.span.bytes)
    return outer.finalize()
  }
}
