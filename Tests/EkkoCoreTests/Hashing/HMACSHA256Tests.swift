import EkkoCore
import Testing

/// HMAC-SHA-256 against RFC 4231, sections 4.2 to 4.8.
@Suite struct HMACSHA256Tests {
  struct Vector: Sendable {
    let key: [UInt8]
    let message: [UInt8]
    let code: String
  }

  private static let vectors: [Vector] = [
    Vector(
      key: Array(repeating: 0x0B, count: 20), message: Array("Hi There".utf8),
      code: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    Vector(
      key: Array("Jefe".utf8), message: Array("what do ya want for nothing?".utf8),
      code: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    Vector(
      key: Array(repeating: 0xAA, count: 20), message: Array(repeating: 0xDD, count: 50),
      code: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    Vector(
      key: Array(1...25), message: Array(repeating: 0xCD, count: 50),
      code: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
    Vector(
      key: Array(repeating: 0x0C, count: 20), message: Array("Test With Truncation".utf8),
      code: "a3b6167473100ee06e0c796c2955552b"),
    Vector(
      key: Array(repeating: 0xAA, count: 131),
      message: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
      code: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
    Vector(
      key: Array(repeating: 0xAA, count: 131),
      message: Array(
        ("This is a test using a larger than block-size key and a larger than block-size data. "
          + "The key needs to be hashed before being used by the HMAC algorithm.").utf8),
      code: "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
  ]

  @Test(arguments: Self.vectors)
  func `published vectors`(vector: Vector) {
    let code = HMACSHA256.code(for: vector.message.span, key: vector.key.span)

    let hex = code.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    // Section 4.6 publishes the first 128 bits only.
    #expect(hex.hasPrefix(vector.code))
  }

  @Test func `a fresh code copied per message equals one made from the key`() {
    let key = Array("key".utf8)
    let fresh = HMACSHA256(key: key.span)
    for message in [[], [1], Array(repeating: 2, count: 200)] as [[UInt8]] {
      var code = fresh
      code.update(message.span.bytes)
      #expect(code.finalize() == HMACSHA256.code(for: message.span, key: key.span))
    }
  }
}
