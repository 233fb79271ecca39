import Glibc
import Testing

@testable import EkkoStorage

/// Calls that answer with less than was asked for.
@Suite(.timeLimit(.minutes(5))) struct FileDescriptorTests {
  /// Two ends of a connection that hands over one packet per call.
  private static func makePacketPair() throws -> (CInt, CInt) {
    var ends: [CInt] = [0, 0]
    try #require(
      socketpair(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue), 0, &ends) == 0, "errno \(errno)")
    return (ends[0], ends[1])
  }

  @Test func `short reads are put together until the end`() throws {
    let (source, target) = try Self.makePacketPair()
    let reader = FileDescriptor(rawValue: target)
    do {
      let writer = FileDescriptor(rawValue: source)
      for packet in [[1, 2], [3], [4, 5, 6]] as [[UInt8]] { try writer.append(packet) }
    }

    #expect(try reader.read(upTo: 3) == [1, 2, 3])
    #expect(try reader.read(upTo: 100) == [4, 5, 6])
    #expect(try reader.read(upTo: 100) == [])
  }
}
