package import EkkoCore

/// Channels over TCP, served by core loops.
package struct SocketTransport: Transport {
  private static let backlog: CInt = 512

  private let loops: CoreLoops
  private let limits: ChannelLimits

  package init(loops: CoreLoops, limits: ChannelLimits = ChannelLimits()) {
    self.loops = loops
    self.limits = limits
  }

  /// Tries the addresses of a name one after the other; the error is the last one's.
  package func connect(to endpoint: Endpoint, on home: Home) async throws(TransportError)
    -> any ByteChannel
  {
    var failure = TransportError.nameNotFound(endpoint.host)
    for address in try await NameLookup.addresses(of: endpoint) {
      do throws(TransportError) {
        let channel = try self.startConnecting(to: address, on: home)
        try await channel.finishConnecting()
        return channel
      } catch {
        if case .cancelled = error { throw error }
        failure = error
      }
    }
    throw failure
  }

  package func listen(on endpoint: Endpoint, homes: [Home]) async throws(TransportError)
    -> any ChannelListener
  {
    let addresses = try await NameLookup.addresses(of: endpoint)
    do throws(SystemError) {
      let socket = try Socket.make(for: addresses[0])
      try socket.listen(on: addresses[0], backlog: Self.backlog)
      let actual = socket.localAddress?.endpoint ?? endpoint
      return try SocketListener(
        socket, endpoint: actual, homes: homes, loops: self.loops, limits: self.limits)
    } catch {
      throw TransportError(error)
    }
  }

  private func startConnecting(
    to address: SocketAddress, on home: Home
  ) throws(TransportError) -> SocketChannel {
    do throws(SystemError) {
      let socket = try Socket.make(for: address)
      try socket.connect(to: address)
      return try SocketChannel(
        socket, phase: .connecting, home: home, loop: self.loops[home], limits: self.limits)
    } catch {
      throw TransportError(error)
    }
  }
}
