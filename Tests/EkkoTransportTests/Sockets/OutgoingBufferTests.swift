import EkkoCore
import Testing

@testable import EkkoTransport

/// The unsent bytes of a socket against a plain array.
@Suite struct OutgoingBufferTests {
  @Test(arguments: UInt64(0)..<32)
  func `bytes leave in order whatever the sizes and the room`(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    var buffer = OutgoingBuffer()
    var sent: [UInt8] = []
    var appended: [UInt8] = []
    for _ in 0..<200 {
      let pieces = (0..<Int(generator.next() % 4)).map { _ in
        let size = [0, 1, 100, 5000, 17000][Int(generator.next() % 5)]
        let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: generator.next()), count: size + 2)
        return bytes[1..<(1 + size)]
      }
      #expect(buffer.append(pieces) == pieces.map(\.count).reduce(0, +))
      appended += pieces.joinedBytes()
      var room = Int(generator.next() % 40_000)
      try buffer.drain { pieces in
        #expect(pieces.allSatisfy { !$0.isEmpty })
        let count = min(room, Int(generator.next() % 20_000), pieces.map(\.count).reduce(0, +))
        guard count > 0 else { return nil }
        room -= count
        sent += Array(pieces).joinedBytes().prefix(count)
        return count
      }
      #expect(buffer.byteCount == appended.count - sent.count)
      #expect(buffer.isEmpty == (appended.count == sent.count))
    }
    try buffer.drain { pieces in
      sent += Array(pieces).joinedBytes()
      return pieces.map(\.count).reduce(0, +)
    }
    #expect(sent == appended)
    #expect(buffer.isEmpty)
  }

  @Test func `large pieces stay where they are, small ones that wait are joined`() throws {
    var buffer = OutgoingBuffer()
    let large = [UInt8](repeating: 1, count: 60_000)
    let small = [UInt8](repeating: 2, count: 100)

    _ = buffer.append([small[...], large[10...]])
    for _ in 0..<50 { _ = buffer.append([small[...]]) }

    var counts: [Int] = []
    try buffer.drain { pieces in
      counts = pieces.map(\.count)
      #expect(pieces[pieces.startIndex + 1].address == large[10...].address)
      return nil
    }
    #expect(counts == [100, 59_990, 5000])
  }
}
