package import EkkoCore

/// Channels between parts of one process, with the limits and the back-pressure of the others.
///
/// Copies share one space of endpoints; hosts are compared as text.
package struct MemoryTransport: Transport {
  private static let firstFreePort: UInt16 = 49152

  private let limits: ChannelLimits
  private let registry: Registry

  /// Who listens where.
  final class Registry: Sendable {
    private let entries = Guarded<[Endpoint: Entry]>([:])

    /// Weak, so that a listener that is dropped stops listening; its place counts as free.
    private struct Entry {
      weak let listener: MemoryListener?
    }

    /// Enters a listener under `endpoint`, or under the first free port if its port is zero.
    func add(
      at endpoint: Endpoint, _ make: (Endpoint) -> MemoryListener
    ) throws(TransportError) -> MemoryListener {
      let listener: MemoryListener? = self.entries.withLock { entries in
        let ports = endpoint.port == 0 ? firstFreePort...UInt16.max : endpoint.port...endpoint.port
        let free = ports.lazy.map { Endpoint(host: endpoint.host, port: $0) }
          .first { entries[$0]?.listener == nil }
        guard let free else { return nil }
        let listener = make(free)
        entries[free] = Entry(listener: listener)
        return listener
      }
      guard let listener else { throw .addressInUse }
      return listener
    }

    /// Removes `listener`; the entry of another, which followed it, stays.
    func remove(_ listener: MemoryListener, at endpoint: Endpoint) {
      self.entries.withLock { entries in
        if entries[endpoint]?.listener === listener { entries[endpoint] = nil }
      }
    }

    func listener(at endpoint: Endpoint) -> MemoryListener? {
      self.entries.withLock { $0[endpoint]?.listener }
    }
  }

  package init(limits: ChannelLimits = ChannelLimits()) {
    self.limits = limits
    self.registry = Registry()
  }

  package func connect(to endpoint: Endpoint, on home: Home) async throws(TransportError)
    -> any ByteChannel
  {
    guard let listener = self.registry.listener(at: endpoint),
      let channel = listener.join(from: home, limits: self.limits)
    else { throw .refused }
    return channel
  }

  package func listen(on endpoint: Endpoint, homes: [Home]) async throws(TransportError)
    -> any ChannelListener
  {
    try self.registry.add(at: endpoint) {
      MemoryListener(endpoint: $0, homes: homes, registry: self.registry)
    }
  }
}
