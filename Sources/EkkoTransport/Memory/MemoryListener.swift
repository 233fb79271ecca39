internal import EkkoCore

/// A listening endpoint in memory. Accepted channels are dealt out to its homes in turn.
package final class MemoryListener: ChannelListener {
  /// Channels that may wait to be accepted; more are refused.
  private static let backlog = 512

  package let endpoint: Endpoint
  private let homes: [Home]
  private let registry: MemoryTransport.Registry
  private let wakeup = Wakeup()
  private let state = Guarded(State())

  private struct State {
    var waiting: [MemoryChannel] = []
    var joinedCount = 0
    var isClosed = false
  }

  init(endpoint: Endpoint, homes: [Home], registry: MemoryTransport.Registry) {
    precondition(!homes.isEmpty, "a listener needs a home for what it accepts")
    self.endpoint = endpoint
    self.homes = homes
    self.registry = registry
  }

  package func accept() async throws(TransportError) -> (any ByteChannel)? {
    while true {
      let (channel, isClosed) = self.state.withLock { state in
        (state.waiting.isEmpty ? nil : state.waiting.removeFirst(), state.isClosed)
      }
      if let channel { return channel }
      if isClosed { return nil }
      if Task.isCancelled { throw .cancelled }
      await self.wakeup.wait()
    }
  }

  package func close() async {
    self.registry.remove(self, at: self.endpoint)
    let refused = self.state.withLock { state in
      state.isClosed = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for channel in refused { channel.abort() }
    self.wakeup.signal()
  }

  /// The other side of a new channel, or `nil` if it is refused.
  func join(from home: Home, limits: ChannelLimits) -> MemoryChannel? {
    let channel: MemoryChannel? = self.state.withLock { state in
      guard !state.isClosed, state.waiting.count < Self.backlog else { return nil }
      let target = self.homes[state.joinedCount % self.homes.count]
      state.joinedCount += 1
      let (near, far) = MemoryChannel.makePair(homes: (home, target), limits: limits)
      state.waiting.append(far)
      return near
    }
    if channel != nil { self.wakeup.signal() }
    return channel
  }
}
