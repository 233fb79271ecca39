internal import EkkoCore
internal import EkkoTransport

/// One side of a channel of the simulated network, as the product holds it.
///
/// It keeps the promises of `ByteChannel` as long as the network has no fault; under some faults
/// bytes are lost, repeated, swapped or changed, as behind a bad middlebox. Each `write` is one unit.
///
/// Whoever frees the world after the run calls `deinit`, which then changes nothing.
final class SimulatedChannel: ByteChannel {
  let home: Home
  private let parts: Confined<Parts>

  private struct Parts {
    /// Kept for as long as this side is held.
    let connection: SimulatedConnection
    let side: ChannelSide
    /// Which all on the way to it leaves unowned.
    let network: SimulatedNetwork
  }

  init(_ connection: SimulatedConnection, _ side: ChannelSide, home: Home) {
    self.home = home
    self.parts = Confined(
      Parts(connection: connection, side: side, network: side.path.network))
  }

  private var side: ChannelSide { self.parts.value.side }

  deinit { self.abort() }

  func read(into bytes: inout [UInt8], room: Int) async throws(TransportError) -> Bool {
    guard let unit = try await self.side.read() else { return false }
    if bytes.isEmpty { bytes = unit } else { bytes += unit }
    return true
  }

  func write(_ pieces: [ArraySlice<UInt8>]) async throws(TransportError) {
    try await self.side.write(pieces.joinedBytes())
  }

  var isFull: Bool { self.side.isFull }

  var outflow: Outflow { self.side.outflow }

  func close() async { await self.side.close() }

  func abort() {
    // The world may have been given up around what still held this.
    guard self.parts.value.network.isRunning else { return }
    self.side.abort()
  }
}
