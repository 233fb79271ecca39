import EkkoCore
import Testing

/// CRC-32C against RFC 3720 B.4, bit-by-bit division and itself in pieces.
@Suite struct CRC32CTests {
  @Test(
    arguments: [
      (Array("123456789".utf8), 0xE306_9283), ([], 0),
      (Array(repeating: 0, count: 32), 0x8A91_36AA),
      (Array(repeating: 0xFF, count: 32), 0x62A8_AB43),
      (Array(0..<32), 0x46DD_794E), (Array((0..<32).reversed()), 0x113F_DB5C),
    ] as [([UInt8], UInt32)])
  func `published vectors, by instruction and by table`(bytes: [UInt8], expected: UInt32) {
    var portable = CRC32C()
    portable.updateFromTable(bytes.span.bytes)

    #expect(CRC32C.checksum(of: bytes.span) == expected)
    #expect(portable.finalize() == expected)
  }

  private static func naive(_ bytes: [UInt8]) -> UInt32 {
    var register = UInt32.max
    for byte in bytes {
      register ^= UInt32(byte)
      for _ in 0..<8 {
        register = register & 1 == 1 ? (register >> 1) ^ 0x82F6_3B78 : register >> 1
      }
    }
    return ~register
  }

  @Test(arguments: UInt64(0)..<16)
  func `both ways equal bitwise division for any cut into pieces`(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let bytes = (0..<Int(generator.next() % 300)).map { _ in UInt8(generator.next() & 0xFF) }

    var fast = CRC32C()
    var portable = CRC32C()
    var offset = 0
    while offset < bytes.count {
      let count = min(bytes.count - offset, Int(generator.next() % 30))
      let piece = bytes.span.bytes.extracting(offset..<(offset + count))
      fast.update(piece)
      portable.updateFromTable(piece)
      offset += count
    }

    #expect(fast.finalize() == Self.naive(bytes))
    #expect(portable.finalize() == Self.naive(bytes))
  }

  @Test(arguments: [0, 1, 3, 7])
  func `instruction and table agree for every length`(shift: Int) {
    var generator = SplitMix64(seed: UInt64(shift))
    let bytes = (0..<(5001 + shift)).map { _ in UInt8(generator.next() & 0xFF) }
    let all = bytes.span.bytes.extracting(droppingFirst: shift)
    var disagreements: [Int] = []
    for count in 0...5000 {
      var portable = CRC32C()
      portable.updateFromTable(all.extracting(first: count))
      if portable.finalize() != CRC32C.checksum(of: all.extracting(first: count)) {
        disagreements.append(count)
      }
    }

    #expect(disagreements.first == nil)
  }

  @Test(arguments: UInt64(0)..<16)
  func `large pieces may be cut anywhere`(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let bytes = (0..<20_000).map { _ in UInt8(generator.next() & 0xFF) }
    var whole = CRC32C()
    whole.updateFromTable(bytes.span.bytes)
    let cut = Int(generator.next() % 20_001)

    var before = CRC32C()
    before.update(bytes.span.bytes.extracting(first: cut))
    var after = CRC32C(resuming: before.finalize())
    after.update(bytes.span.bytes.extracting(droppingFirst: cut))

    #expect(after.finalize() == whole.finalize())
  }
}
