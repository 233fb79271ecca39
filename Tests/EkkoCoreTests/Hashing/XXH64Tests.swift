import EkkoCore
import Testing

/// XXH64 against the vectors of its author's self-test and itself in pieces.
@Suite struct XXH64Tests {
  @Test(
    arguments: [
      ("", 0xEF46_DB37_51D8_E999), ("a", 0xD24E_C4F1_A98C_6E5B), ("abc", 0x44BC_2CF5_AD77_0999),
      ("Nobody inspects the spammish repetition", 0xFBCE_A83C_8A37_8BF1),
    ] as [(String, UInt64)])
  func `texts hash to the published values`(text: String, expected: UInt64) {
    #expect(XXH64.hash(utf8Of: text) == expected)
    #expect(XXH64.hash(Array(text.utf8).span) == expected)
  }

  /// The bytes of xxHash's own sanity check.
  private static let sanityBytes: [UInt8] = {
    var generator: UInt64 = 2_654_435_761
    return (0..<222).map { _ in
      defer { generator &*= 11_400_714_785_074_694_797 }
      return UInt8(generator >> 56)
    }
  }()

  @Test(
    arguments: [
      (0, 0, 0xEF46_DB37_51D8_E999), (0, 2_654_435_761, 0xAC75_FDA2_929B_17EF),
      (1, 0, 0xE934_A84A_DB05_2768), (1, 2_654_435_761, 0x5014_6076_43A9_B4C3),
      (4, 0, 0x9136_A0DC_A574_57EE), (14, 0, 0x8282_DCC4_994E_35C8),
      (14, 2_654_435_761, 0xC3BD_6BF6_3DEB_6DF0), (222, 0, 0xB641_AE8C_B691_C174),
      (222, 2_654_435_761, 0x20CB_8AB7_AE10_C14A),
    ] as [(Int, UInt64, UInt64)])
  func `lengths and seeds of the author's self-test`(count: Int, seed: UInt64, expected: UInt64) {
    var hash = XXH64(seed: seed)
    hash.update(Self.sanityBytes.span.bytes.extracting(first: count))
    #expect(hash.finalize() == expected)
  }

  @Test(arguments: UInt64(0)..<16)
  func `any cut into pieces gives the same hash`(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let bytes = (0..<Int(generator.next() % 400)).map { _ in UInt8(generator.next() & 0xFF) }

    var hash = XXH64()
    var offset = 0
    while offset < bytes.count {
      let count = min(bytes.count - offset, Int(generator.next() % 70))
      hash.update(bytes.span.bytes.extracting(offset..<(offset + count)))
      offset += count
    }

    #expect(hash.finalize() == XXH64.hash(bytes.span))
  }
}
