import EkkoCore
import Testing

@testable import EkkoTransport

/// Frames as bytes: what one side encodes the other finds, whatever the cuts; all else is an error.
@Suite struct FrameCodingTests {
  private static let key = SHA256.digest(of: Array("key".utf8).span.bytes)
  private static let limit = 4096

  private static func seal(isKeyed: Bool) -> FrameSeal {
    isKeyed ? FrameSeal(key: Self.key) : .checksum
  }

  private static func frames(using generator: inout SplitMix64, count: Int) -> [Frame] {
    (0..<count).map { _ in
      Frame(
        kind: UInt8(truncatingIfNeeded: generator.next()),
        stream: UInt32(truncatingIfNeeded: generator.next()),
        payload: (0..<Int(generator.next() % 60)).map { _ in UInt8(generator.next() & 0xFF) })
    }
  }

  /// Feeds `bytes` in pieces of random size and answers the frames found before an error.
  private static func decode(
    _ bytes: [UInt8], seal: FrameSeal, limit: Int = Self.limit, largestPiece: UInt64,
    using generator: inout SplitMix64
  ) -> ([Frame], FrameError?, isMidFrame: Bool) {
    var decoder = FrameDecoder(seal: seal, limit: limit)
    var found: [Frame] = []
    var offset = 0
    do throws(FrameError) {
      while offset < bytes.count {
        let count = min(bytes.count - offset, Int(1 + generator.next() % largestPiece))
        decoder.feed(Array(bytes[offset..<(offset + count)]))
        offset += count
        while let frame = try decoder.next() { found.append(frame) }
      }
      return (found, nil, decoder.isMidFrame)
    } catch {
      return (found, error, decoder.isMidFrame)
    }
  }

  @Test(arguments: UInt64(0)..<24, [false, true])
  func `frames survive any cut into pieces`(seed: UInt64, isKeyed: Bool) throws {
    var generator = SplitMix64(seed: seed)
    let frames = Self.frames(using: &generator, count: 12)
    var encoder = FrameEncoder(seal: Self.seal(isKeyed: isKeyed), limit: Self.limit)
    let bytes = try encoder.bytes(of: Array(frames[..<5])) + encoder.bytes(of: Array(frames[5...]))

    for largestPiece in [1, 7, 60, 5000] as [UInt64] {
      let (found, failure, isMidFrame) = Self.decode(
        bytes, seal: Self.seal(isKeyed: isKeyed), largestPiece: largestPiece, using: &generator)
      #expect(found == frames)
      #expect(failure == nil)
      #expect(!isMidFrame)
    }
  }

  @Test func `the layout is that of wire format 1`() throws {
    var encoder = FrameEncoder(seal: .checksum, limit: Self.limit)

    let bytes = try encoder.bytes(of: [Frame(kind: 17, stream: 0x0102_0304, payload: [9, 8])])

    let head: [UInt8] = [14, 0, 0, 0, 1, 17, 0, 0, 4, 3, 2, 1, 9, 8]
    let checksum = CRC32C.checksum(of: head.span)
    #expect(bytes == head + (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (8 * $0)) })
  }

  @Test(arguments: [false, true])
  func `an end inside a frame is noticed at every offset`(isKeyed: Bool) throws {
    var generator = SplitMix64(seed: 1)
    var encoder = FrameEncoder(seal: Self.seal(isKeyed: isKeyed), limit: Self.limit)
    let bytes = try encoder.bytes(of: [Frame(kind: 20, payload: [1, 2, 3])])
    for count in 1..<bytes.count {
      let (found, failure, isMidFrame) = Self.decode(
        Array(bytes.prefix(count)), seal: Self.seal(isKeyed: isKeyed), largestPiece: 9,
        using: &generator)
      #expect(found.isEmpty)
      #expect(failure == nil)
      #expect(isMidFrame)
    }
  }

  @Test(arguments: [false, true])
  func `every changed bit is detected`(isKeyed: Bool) throws {
    var generator = SplitMix64(seed: 2)
    var encoder = FrameEncoder(seal: Self.seal(isKeyed: isKeyed), limit: Self.limit)
    let bytes = try encoder.bytes(of: [Frame(kind: 20, stream: 5, payload: [1, 2, 3])])
    for bit in 0..<(bytes.count * 8) {
      var changed = bytes
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      let (found, failure, isMidFrame) = Self.decode(
        changed, seal: Self.seal(isKeyed: isKeyed), largestPiece: 100, using: &generator)
      #expect(found.isEmpty)
      // A larger length waits for bytes that never come; everything else is seen at once.
      #expect(failure != nil || (bit < 32 && isMidFrame))
    }
  }

  @Test(
    arguments: [
      (0, [11, 0, 0, 0], .lengthOutOfRange(length: 11, limit: 4092)),
      (0, [0xFF, 0xFF, 0xFF, 0xFF], .lengthOutOfRange(length: 0xFFFF_FFFF, limit: 4092)),
      (0, [0, 0, 0, 0], .lengthOutOfRange(length: 0, limit: 4092)),
      (0, [0xFD, 0x0F, 0, 0], .lengthOutOfRange(length: 4093, limit: 4092)),
      (4, [2], .unsupportedVersion(2)), (4, [0], .unsupportedVersion(0)),
      (6, [0, 1], .reservedBits(0x100)), (5, [21], .trailerMismatch), (8, [1], .trailerMismatch),
      (12, [7], .trailerMismatch), (20, [0], .trailerMismatch),
    ] as [(Int, [UInt8], FrameError)])
  func `a hostile header is refused with its reason as soon as it is there`(
    offset: Int, bytes: [UInt8], expected: FrameError
  ) throws {
    var encoder = FrameEncoder(seal: .checksum, limit: Self.limit)
    var frame = try encoder.bytes(of: [Frame(kind: 20, payload: [1, 2, 3, 4, 5])])
    frame.replaceSubrange(offset..<(offset + bytes.count), with: bytes)

    let isHeader = offset < FrameLayout.headerByteCount && expected != .trailerMismatch
    var decoder = FrameDecoder(seal: .checksum, limit: Self.limit)
    decoder.feed(isHeader ? Array(frame.prefix(FrameLayout.headerByteCount)) : frame)

    #expect(throws: expected) { try decoder.next() }
  }

  @Test(arguments: UInt64(0)..<32)
  func `random bytes end in an error or in waiting, never in a frame`(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    for _ in 0..<50 {
      var bytes = (0..<Int(generator.next() % 200)).map { _ in UInt8(generator.next() & 0xFF) }
      // Half of them get through the length check.
      if seed % 2 == 0, bytes.count >= 5 {
        bytes.replaceSubrange(0..<5, with: [UInt8(generator.next() % 190), 0, 0, 0, 1])
      }
      let found = Self.decode(bytes, seal: .checksum, largestPiece: 50, using: &generator).0
      #expect(found.isEmpty)
    }
  }

  @Test func `with a key a frame counts in its own place only`() throws {
    var generator = SplitMix64(seed: 3)
    var encoder = FrameEncoder(seal: Self.seal(isKeyed: true), limit: Self.limit)
    let first = try encoder.bytes(of: [Frame(kind: 20, payload: [1])])
    let second = try encoder.bytes(of: [Frame(kind: 20, payload: [2])])
    let other = FrameSeal(key: SHA256.digest(of: Array("other".utf8).span.bytes))

    func failure(_ bytes: [UInt8], _ seal: FrameSeal) -> FrameError? {
      var generator = SplitMix64(seed: 4)
      return Self.decode(bytes, seal: seal, largestPiece: 50, using: &generator).1
    }
    #expect(failure(first + second, Self.seal(isKeyed: true)) == nil)
    #expect(failure(second, Self.seal(isKeyed: true)) == .trailerMismatch)
    #expect(failure(first + first, Self.seal(isKeyed: true)) == .trailerMismatch)
    #expect(failure(second + first, Self.seal(isKeyed: true)) == .trailerMismatch)
    #expect(failure(first, other) == .trailerMismatch)
    #expect(Self.decode(first, seal: .checksum, largestPiece: 9, using: &generator).0.isEmpty)
  }

  @Test func `a frame above the limit is not sent, and none of its call`() throws {
    var encoder = FrameEncoder(seal: Self.seal(isKeyed: true), limit: 100)
    let small = Frame(kind: 20, payload: [1])
    let exact = Frame(kind: 20, payload: [UInt8](repeating: 0, count: 100 - 12 - 32))
    let large = Frame(kind: 21, payload: [UInt8](repeating: 0, count: 100 - 12 - 32 + 1))

    #expect(throws: FrameError.tooLarge(kind: 21, byteCount: 101, limit: 100)) {
      try encoder.bytes(of: [small, large])
    }

    // Its numbers were not used up.
    var fresh = FrameEncoder(seal: Self.seal(isKeyed: true), limit: 100)
    #expect(try encoder.bytes(of: [small, exact]) == fresh.bytes(of: [small, exact]))
  }
}
