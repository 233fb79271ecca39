package import EkkoCore
package import EkkoTransport

/// The simulated network as one process sees it from its host.
package struct SimulatedTransport: Transport {
  private let confined: Confined<NetworkAttachment>

  private var attachment: NetworkAttachment { self.confined.value }

  init(_ attachment: NetworkAttachment) { self.confined = Confined(attachment) }

  /// How the death of its process shall look from outside; `nil` leaves it to the seed.
  package var deathStyle: DeathStyle? {
    get { self.attachment.deathStyle }
    nonmutating set { self.attachment.deathStyle = newValue }
  }

  /// Channels of its process that are not over.
  package var channelCount: Int { self.attachment.channelCount }

  package func connect(to endpoint: Endpoint, on home: Home) async throws(TransportError)
    -> any ByteChannel
  {
    guard self.attachment.isAlive else { throw .closed }
    guard let host = self.host(of: endpoint) else { throw .nameNotFound(endpoint.host) }
    let attempt = ConnectAttempt(by: self.attachment, to: host, port: endpoint.port)
    let connection = try await attempt.run()
    return SimulatedChannel(connection, connection.connector, home: home)
  }

  package func listen(on endpoint: Endpoint, homes: [Home]) async throws(TransportError)
    -> any ChannelListener
  {
    guard self.attachment.isAlive else { throw .closed }
    let host = self.attachment.host
    guard self.host(of: endpoint) === host else { throw .addressUnavailable }
    guard let port = host.freePort(endpoint.port) else { throw .addressInUse }
    let listener = SimulatedListener(
      endpoint: Endpoint(host: endpoint.host, port: port), homes: homes,
      attachment: self.attachment)
    host.addListener(listener)
    self.attachment.listen(on: port)
    return listener
  }

  /// Names are those that transports were made for; loopback and wildcard addresses are its own.
  private func host(of endpoint: Endpoint) -> NetworkHost? {
    if let host = self.attachment.network.host(named: endpoint.host) { return host }
    return endpoint.isLoopback || endpoint.isWildcard ? self.attachment.host : nil
  }
}
