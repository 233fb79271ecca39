import EkkoCore
import Testing

@testable import EkkoTransport

/// Frames stay where they are: large payloads are neither copied to be sent nor moved to be used.
@Suite struct FramePlacementTests {
  private static func payload(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ count) }
  }

  @Test(arguments: [false, true])
  func `large payloads are pieces of their own, in place, and the bytes are the same`(
    isKeyed: Bool
  ) throws {
    let seal =
      isKeyed ? FrameSeal(key: SHA256.digest(of: Array("key".utf8).span.bytes)) : .checksum
    var encoder = FrameEncoder(seal: seal, limit: 1 << 20)
    let sizes = [0, 70_000, 5, 4095, 4096, 4097, 0, 1]
    let frames = sizes.map {
      Frame(kind: 20, stream: UInt32($0), payload: Self.payload($0 + 3)[3...])
    }

    let pieces = try encoder.encode(frames)

    let inPlace = frames.filter { $0.payload.count >= 4096 }.map(\.payload.address)
    #expect(inPlace.count == 3)
    #expect(pieces.map(\.address).filter(inPlace.contains) == inPlace)
    #expect(pieces.count == 7)
    // One by one and joined, they are what a decoder takes for the same frames.
    var decoder = FrameDecoder(seal: seal, limit: 1 << 20)
    decoder.feed(pieces.joinedBytes())
    for frame in frames { #expect(try decoder.next() == frame) }
    #expect(try decoder.next() == nil)
  }

  @Test func `a large frame is received where it is used`() throws {
    var encoder = FrameEncoder(seal: .checksum, limit: 1 << 20)
    let frames = [8, 60_000, 9].map { Frame(kind: 20, payload: Self.payload($0)) }
    let bytes = try encoder.bytes(of: frames)
    var decoder = FrameDecoder(seal: .checksum, limit: 1 << 20)

    // The first frame and the start of the second; then the rest of that and the third.
    decoder.feed(Array(bytes[..<1000]))
    #expect(try decoder.next() == frames[0])
    #expect(try decoder.next() == nil)
    #expect(decoder.isMidFrame)
    var (place, room) = decoder.startReading()
    let address = place.address
    let end = bytes.count - (12 + 9 + 4)
    #expect(room >= end - 1000 && place.capacity - place.count >= room)
    place += bytes[1000..<20_000]
    decoder.finishReading(place)
    #expect(try decoder.next() == nil)
    place = []
    (place, room) = decoder.startReading()
    #expect(place.address == address && room >= end - 20_000)
    place += bytes[20_000..<end]
    decoder.finishReading(place)
    place = []
    let second = try #require(try decoder.next())

    #expect(second == frames[1])
    #expect(second.payload.address == address.map { $0 + 12 })
    #expect(try decoder.next() == nil)
    decoder.feed(Array(bytes[end...]))
    #expect(try decoder.next() == frames[2])
    #expect(!decoder.isMidFrame)
  }

  @Test func `no more room is made for what a header claims than was received, and a constant`() {
    var decoder = FrameDecoder(seal: .checksum, limit: 1 << 20)
    // Claims a mebibyte.
    decoder.feed([0xFC, 0xFF, 0x0F, 0, 1, 20, 0, 0, 0, 0, 0, 0])
    var held = 12
    while held < 1 << 20 {
      guard (try? decoder.next()) == .some(nil) else { break }
      var (bytes, room) = decoder.startReading()
      #expect(bytes.count == held)
      #expect(room > 0 && bytes.capacity <= 2 * held + 600 << 10)
      let count = min(1 << 20 - held, max(1, room / 2))
      bytes += [UInt8](repeating: 0, count: count)
      held += count
      decoder.finishReading(bytes)
    }

    #expect(held == 1 << 20)
    #expect(throws: FrameError.trailerMismatch) { try decoder.next() }
  }

  @Test func `reads grow with the stream and shrink again`() {
    var size = ReadSize()
    let first = size.byteCount
    for _ in 0..<20 {
      size.start(at: 7, room: size.byteCount)
      size.finish(at: 7 + size.byteCount)
    }
    #expect(size.byteCount == ReadSize.largest)
    for _ in 0..<20 {
      size.start(at: 7, room: size.byteCount)
      size.finish(at: 8)
    }
    #expect(size.byteCount < first)
  }
}
