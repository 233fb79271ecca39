import EkkoCore
import Testing

/// SHA-256 against the vectors of FIPS 180-2 and NIST's short messages.
@Suite struct SHA256Tests {
  private static func hex(_ digest: SHA256Digest) -> String {
    digest.bytes.map {
      let digits = String($0, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }

  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
        + "lmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
  ])
  func `published messages hash to the published digests`(text: String, expected: String) {
    #expect(Self.hex(SHA256.digest(of: Array(text.utf8).span.bytes)) == expected)
  }

  @Test func `a long run of one letter hashes to the published digest`() {
    let block = [UInt8](repeating: UInt8(ascii: "a"), count: 1000)

    // The million letters of FIPS 180-2 B.3.
    var hash = SHA256()
    for _ in 0..<1000 { hash.update(block.span.bytes) }

    #expect(
      Self.hex(hash.finalize())
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test(arguments: 0..<130)
  func `every length around the block boundary is the same in pieces`(count: Int) {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }

    var hash = SHA256()
    for index in 0..<count { hash.update(bytes.span.bytes.extracting(index..<(index + 1))) }

    #expect(hash.finalize() == SHA256.digest(of: bytes.span.bytes))
  }

  @Test func `digests differ if any bit differs and survive their byte form`() {
    func decode(_ bytes: [UInt8]) -> SHA256Digest? { SHA256Digest(bytes.span.bytes) }
    let digest = SHA256.digest(of: Array("abc".utf8).span.bytes)

    #expect(decode(digest.bytes) == digest)
    #expect(decode(digest.bytes.dropLast()) == nil)
    for bit in 0..<256 {
      var bytes = digest.bytes
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(decode(bytes) != digest)
    }
  }
}
