package import EkkoCore

/// A TCP connection as a byte channel, served by the core loop of its home.
///
/// Reading and writing happen on the caller's thread, flushing what had no room on the loop's; a
/// lock that is held for single non-blocking calls makes both safe.
package final class SocketChannel: ByteChannel, SocketHandler {
  package let home: Home
  let loop: CoreLoop
  let limits: ChannelLimits
  let readWakeup = Wakeup()
  let writeWakeup = Wakeup()
  let state: Guarded<SocketState>

  /// Takes over a socket that is connected, or connecting.
  init(
    _ socket: consuming Socket, phase: SocketState.Phase, home: Home, loop: CoreLoop,
    limits: ChannelLimits
  ) throws(SystemError) {
    self.home = home
    self.loop = loop
    self.limits = limits
    let number = socket.number
    self.state = Guarded(SocketState(socket, phase: phase, limits: limits))
    let registration = try loop.poll.add(number, handler: self)
    self.state.withLock { $0.registration = registration }
  }

  deinit {
    let registration = self.state.withLock { $0.registration }
    if let registration { self.loop.poll.remove(registration) }
  }

  package func read(into bytes: inout [UInt8], room: Int) async throws(TransportError) -> Bool {
    while true {
      let outcome = self.state.withLock { $0.receive(into: &bytes, room: room) }
      switch outcome {
      case .received: return true
      case .ended: return false
      case .failed(let error):
        self.settle()
        throw error
      case .mustYield:
        // A stream that is always readable would keep the loop from everything else.
        await Task.yield()
      case .mustWait:
        if Task.isCancelled { throw .cancelled }
        // Room for what may never come is not kept.
        if bytes.isEmpty { bytes = [] }
        self.tellExpected()
        await self.readWakeup.wait()
      }
    }
  }

  package func write(_ pieces: [ArraySlice<UInt8>]) async throws(TransportError) {
    while true {
      let outcome = self.state.withLock { $0.accept(pieces) }
      self.tellExpected()
      switch outcome {
      case .accepted: return
      case .failed(let error): throw error
      case .mustWait:
        if Task.isCancelled { throw .cancelled }
        await self.writeWakeup.wait()
      }
    }
  }

  package var isFull: Bool { self.state.withLock { $0.isFull } }

  package var outflow: Outflow { self.state.withLock { $0.outflow() } }

  package var path: NetworkPath? { self.state.withLock { $0.path() } }

  package func close() async {
    await withCheckedContinuation { continuation in
      let hasEnded = self.state.withLock { state in
        state.startClosing()
        if state.hasEnded { return true }
        state.closers.append(continuation)
        return false
      }
      if hasEnded {
        self.settle()
        continuation.resume()
      } else {
        self.tellExpected()
        self.setDeadline(after: self.limits.closeTimeout)
        self.readWakeup.signal()
        self.writeWakeup.signal()
      }
    }
  }

  package func abort() {
    self.state.withLock { $0.abort() }
    self.settle()
  }

  package func socketBecameReady(_ readiness: SocketReadiness) {
    let hasEnded = self.state.withLock { state in
      state.advance(readiness)
      return state.hasEnded
    }
    if hasEnded {
      self.settle()
    } else {
      self.tellExpected()
      if readiness.contains(.readable) { self.readWakeup.signal() }
      if readiness.contains(.writable) { self.writeWakeup.signal() }
    }
  }

  /// Waits until a socket that was connecting is connected.
  func finishConnecting() async throws(TransportError) {
    self.setDeadline(after: self.limits.connectTimeout)
    while true {
      let outcome = self.state.withLock { $0.checkConnection() }
      switch outcome {
      case .accepted:
        self.setDeadline(after: nil)
        return
      case .failed(let error):
        self.settle()
        throw error
      case .mustWait:
        if Task.isCancelled {
          self.abort()
          throw .cancelled
        }
        self.tellExpected()
        await self.writeWakeup.wait()
      }
    }
  }

  /// Tells the loop what calls would have had to wait for.
  private func tellExpected() {
    guard let expected = self.state.withLock({ $0.takeExpected() }) else { return }
    self.loop.poll.expect(expected.readiness, of: expected.registration)
  }

  /// Tells everyone that the channel has ended, and the loop to forget it.
  private func settle() {
    let (registration, closers) = self.state.withLock { state in
      guard state.hasEnded else { return (nil, []) as (UInt64?, [SocketState.Closer]) }
      defer { (state.registration, state.closers) = (nil, []) }
      return (state.registration, state.closers)
    }
    if let registration { self.loop.poll.remove(registration) }
    self.readWakeup.signal()
    self.writeWakeup.signal()
    for closer in closers { closer.resume() }
  }

  private func setDeadline(after duration: Duration?) {
    guard let registration = self.state.withLock({ $0.registration }) else { return }
    self.loop.setDeadline(
      duration.map { SystemClock.monotonicNow().advanced(by: $0) }, for: registration)
  }
}
