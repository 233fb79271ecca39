internal import EkkoCore
internal import EkkoTransport

/// One side of a channel of the simulated network, as the product holds it.
///
/// It keeps the promises of `ByteChannel` as long as the network has no fault; under some faults
/// bytes are lost, repeated, swapped or changed, as behind a bad middlebox. Each `write` is one unit.
///
/// Whoever frees the world after the run calls `deinit`, which then changes nothing.
///
/// SAFETY (of `@unchecked Sendable`): all it has of its own never changes. The side and the connection that
/// it hands calls on to are touched by jobs of the two processes and by the network's timers: all on the
/// thread inside `Simulation.run`, one after the other, and `enqueue` traps when a job comes from another
/// thread. A `deinit` after the run is on that same thread, which frees the world, and touches neither.
final class SimulatedChannel: ByteChannel, @unchecked Sendable {
  let home: Home
  private let connection: SimulatedConnection
  private let side: ChannelSide
  private let network: SimulatedNetwork

  init(_ connection: SimulatedConnection, _ side: ChannelSide, home: Home) {
    self.connection = connection
    self.side = side
    self.home = home
    self.network = side.path.network
  }

  deinit { self.abort() }

  func read() async throws(TransportError) -> [UInt8]? { try await self.side.read() }

  func write(_ bytes: [UInt8]) async throws(TransportError) {
    try await self.side.write(bytes)
  }

  var isFull: Bool { self.side.isFull }

  var outflow: Outflow { self.side.outflow }

  func close() async { await self.side.close() }

  func abort() {
    // The world may have been given up around what still held this.
    guard self.network.isRunning else { return }
    self.side.abort()
  }
}
