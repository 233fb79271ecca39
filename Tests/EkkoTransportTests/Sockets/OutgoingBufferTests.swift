import EkkoCore
import Testing

@testable import EkkoTransport

/// The unsent bytes of a socket against a plain array.
@Suite struct OutgoingBufferTests {
  @Test(arguments: UInt64(0)..<32)
  func `bytes leave in order whatever the sizes and the room`(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    var buffer = OutgoingBuffer()
    var model: [UInt8] = []
    var sent: [UInt8] = []
    var appended: [UInt8] = []
    for _ in 0..<200 {
      let size = [0, 1, 100, 5000, 17000][Int(generator.next() % 5)]
      let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: generator.next()), count: size)
      buffer.append(bytes)
      appended += bytes
      model += bytes
      var room = Int(generator.next() % 12000)
      try buffer.drain(pieceLimit: 1 + Int(generator.next() % 9000)) { piece in
        let count = min(room, piece.byteCount)
        guard count > 0 else { return nil }
        room -= count
        piece.withUnsafeBytes { sent += $0.prefix(count) }
        return count
      }
      model = Array(appended.dropFirst(sent.count))
      #expect(buffer.byteCount == model.count)
      #expect(buffer.isEmpty == model.isEmpty)
    }
    try buffer.drain(pieceLimit: .max) { piece in
      piece.withUnsafeBytes { sent += $0 }
      return piece.byteCount
    }
    #expect(sent == appended)
    #expect(buffer.isEmpty)
  }
}
