internal import EkkoCore
internal import EkkoTransport

/// A listening endpoint of the simulated network. Accepted channels are dealt out to its homes in
/// turn.
///
/// SAFETY (of `@unchecked Sendable`): the product calls `accept` and `close` in jobs of tasks that prefer
/// the simulation's executor, the network calls `join` and `processDied` in timers. `Simulation.run` runs
/// both on the thread that called it, one after the other, and `enqueue` traps when a job comes from
/// another thread. Between two awaits here nobody else runs, so that no state is shared by two threads.
final class SimulatedListener: ChannelListener, @unchecked Sendable {
  /// Channels that may wait to be accepted; more are refused.
  private static let backlog = 512

  let endpoint: Endpoint
  private let homes: [Home]
  private let attachment: NetworkAttachment
  private let wakeup = Wakeup()
  private var waiting: [SimulatedChannel] = []
  private var joinedCount = 0
  private var isClosed = false

  init(endpoint: Endpoint, homes: [Home], attachment: NetworkAttachment) {
    precondition(!homes.isEmpty, "a listener needs a home for what it accepts")
    self.endpoint = endpoint
    self.homes = homes
    self.attachment = attachment
  }

  func accept() async throws(TransportError) -> (any ByteChannel)? {
    while true {
      if !self.waiting.isEmpty { return self.waiting.removeFirst() }
      if self.isClosed { return nil }
      if Task.isCancelled { throw .cancelled }
      await self.wakeup.wait()
    }
  }

  func close() async {
    guard !self.isClosed else { return }
    self.attachment.host.removeListener(at: self.endpoint.port)
    self.attachment.stopListening(on: self.endpoint.port)
    self.end()
  }

  /// Nobody hears of it any more; what waits ends as the process's other channels do.
  func processDied() { self.end() }

  private func end() {
    self.isClosed = true
    let refused = self.waiting
    self.waiting = []
    if self.attachment.isAlive { for channel in refused { channel.abort() } }
    self.wakeup.signal()
  }

  /// A new channel from `connector`, or `nil` if it is refused.
  func join(from connector: NetworkAttachment, limits: ChannelLimits) -> SimulatedConnection? {
    guard !self.isClosed, self.waiting.count < Self.backlog else { return nil }
    let home = self.homes[self.joinedCount % self.homes.count]
    self.joinedCount += 1
    let network = self.attachment.network
    let connection = network.makeConnection(from: connector, to: self.attachment)
    self.waiting.append(SimulatedChannel(connection, connection.acceptor, home: home))
    self.wakeup.signal()
    return connection
  }
}
