internal import EkkoCore
internal import EkkoTransport

/// A listening endpoint of the simulated network. Accepted channels are dealt out to its homes in
/// turn.
final class SimulatedListener: ChannelListener {
  /// Channels that may wait to be accepted; more are refused.
  private static let backlog = 512

  let endpoint: Endpoint
  private let homes: [Home]
  private let wakeup = Wakeup()
  private let confined: Confined<State>

  private final class State {
    let attachment: NetworkAttachment
    var waiting: [SimulatedChannel] = []
    var joinedCount = 0
    var isClosed = false

    init(_ attachment: NetworkAttachment) { self.attachment = attachment }
  }

  private var state: State { self.confined.value }

  init(endpoint: Endpoint, homes: [Home], attachment: NetworkAttachment) {
    precondition(!homes.isEmpty, "a listener needs a home for what it accepts")
    self.endpoint = endpoint
    self.homes = homes
    self.confined = Confined(State(attachment))
  }

  func accept() async throws(TransportError) -> (any ByteChannel)? {
    while true {
      if !self.state.waiting.isEmpty { return self.state.waiting.removeFirst() }
      if self.state.isClosed { return nil }
      if Task.isCancelled { throw .cancelled }
      await self.wakeup.wait()
    }
  }

  func close() async {
    guard !self.state.isClosed else { return }
    self.state.attachment.host.removeListener(at: self.endpoint.port)
    self.state.attachment.stopListening(on: self.endpoint.port)
    self.end()
  }

  /// Nobody hears of it any more; what waits ends as the process's other channels do.
  func processDied() { self.end() }

  private func end() {
    self.state.isClosed = true
    let refused = self.state.waiting
    self.state.waiting = []
    if self.state.attachment.isAlive { for channel in refused { channel.abort() } }
    self.wakeup.signal()
  }

  /// A new channel from `connector`, or `nil` if it is refused.
  func join(from connector: NetworkAttachment, limits: ChannelLimits) -> SimulatedConnection? {
    guard !self.state.isClosed, self.state.waiting.count < Self.backlog else { return nil }
    let home = self.homes[self.state.joinedCount % self.homes.count]
    self.state.joinedCount += 1
    let network = self.state.attachment.network
    let connection = network.makeConnection(from: connector, to: self.state.attachment)
    self.state.waiting.append(SimulatedChannel(connection, connection.acceptor, home: home))
    self.wakeup.signal()
    return connection
  }
}
