package import EkkoCore

/// One side of a channel in memory.
package final class MemoryChannel: ByteChannel {
  package let home: Home
  private let incoming: MemoryPipe
  private let outgoing: MemoryPipe

  private init(home: Home, incoming: MemoryPipe, outgoing: MemoryPipe) {
    self.home = home
    self.incoming = incoming
    self.outgoing = outgoing
  }

  deinit { self.abort() }

  /// Two sides joined to each other.
  ///
  /// - Parameter bytesUntilCut: if set, the channel breaks after the first side has written this
  ///   many bytes: the second reads them, then both see `reset`.
  package static func makePair(
    homes: (Home, Home), limits: ChannelLimits = ChannelLimits(), bytesUntilCut: Int? = nil
  ) -> (MemoryChannel, MemoryChannel) {
    let there = MemoryPipe(limits: limits, bytesUntilCut: bytesUntilCut)
    let back = MemoryPipe(limits: limits, bytesUntilCut: nil)
    return (
      MemoryChannel(home: homes.0, incoming: back, outgoing: there),
      MemoryChannel(home: homes.1, incoming: there, outgoing: back)
    )
  }

  package func read(into bytes: inout [UInt8], room: Int) async throws(TransportError) -> Bool {
    guard let piece = try await self.incoming.read(limit: room) else { return false }
    if bytes.isEmpty { bytes = piece } else { bytes += piece }
    return true
  }

  package func write(_ pieces: [ArraySlice<UInt8>]) async throws(TransportError) {
    // Joined, which also lets go of what they are cut from.
    if case .cut = try await self.outgoing.write(pieces.joinedBytes()) {
      self.outgoing.end(.failure(.reset), writer: .reset, keepingBytes: true)
      self.incoming.leave(reader: .reset)
    }
  }

  package var isFull: Bool { self.outgoing.isFull }

  package var outflow: Outflow { self.outgoing.outflow }

  /// Everything accepted is already where the other side reads it, so this never waits.
  package func close() async {
    self.outgoing.end(.orderly, writer: .closed, keepingBytes: true)
    self.incoming.leave(reader: .closed)
  }

  package func abort() {
    self.outgoing.end(.failure(.reset), writer: .closed, keepingBytes: false)
    self.incoming.leave(reader: .closed)
  }
}
