internal import EkkoCore
internal import Glibc

/// A listening TCP socket. Accepted channels are dealt out to its homes in turn.
package final class SocketListener: ChannelListener, SocketHandler {
  package let endpoint: Endpoint
  private let homes: [Home]
  private let loops: CoreLoops
  private let limits: ChannelLimits
  private let wakeup = Wakeup()
  private let state: Guarded<State>

  private struct State: ~Copyable {
    var socket: Socket?
    var registration: UInt64?
    var acceptedCount = 0
  }

  private enum Outcome {
    case channel(SocketChannel)
    case closed
    case mustWait
  }

  init(
    _ socket: consuming Socket, endpoint: Endpoint, homes: [Home], loops: CoreLoops,
    limits: ChannelLimits
  ) throws(SystemError) {
    precondition(!homes.isEmpty, "a listener needs a home for what it accepts")
    self.endpoint = endpoint
    self.homes = homes
    self.loops = loops
    self.limits = limits
    let number = socket.number
    self.state = Guarded(State(socket: consume socket))
    let registration = try loops[homes[0]].poll.add(number, handler: self)
    self.state.withLock { $0.registration = registration }
  }

  deinit { self.stop() }

  package func accept() async throws(TransportError) -> (any ByteChannel)? {
    while true {
      switch try self.acceptNow() {
      case .channel(let channel): return channel
      case .closed: return nil
      case .mustWait:
        if Task.isCancelled { throw .cancelled }
        self.expectConnection()
        await self.wakeup.wait()
      }
    }
  }

  package func close() async { self.stop() }

  package func socketBecameReady(_ readiness: SocketReadiness) { self.wakeup.signal() }

  private func expectConnection() {
    guard let registration = self.state.withLock({ $0.registration }) else { return }
    self.loops[self.homes[0]].poll.expect(.readable, of: registration)
  }

  private func stop() {
    let registration = self.state.withLock { state in
      state.socket = nil
      defer { state.registration = nil }
      return state.registration
    }
    if let registration { self.loops[self.homes[0]].poll.remove(registration) }
    self.wakeup.signal()
  }

  private func acceptNow() throws(TransportError) -> Outcome {
    do throws(SystemError) {
      return try self.state.withLock { state throws(SystemError) in
        guard state.socket != nil else { return .closed }
        while true {
          do throws(SystemError) {
            guard let socket = try state.socket?.accept() else { return .mustWait }
            let home = self.homes[state.acceptedCount % self.homes.count]
            state.acceptedCount += 1
            return .channel(
              try SocketChannel(
                socket, phase: .open, home: home, loop: self.loops[home], limits: self.limits))
          } catch  where Self.concernsOneConnection(error) {
            continue
          }
        }
      }
    } catch {
      throw TransportError(error)
    }
  }

  /// Errors of a connection that died while it waited (accept(2)); the next one may be well.
  private static func concernsOneConnection(_ error: SystemError) -> Bool {
    switch error.code {
    case ECONNABORTED, EPROTO, ENOPROTOOPT, ENETDOWN, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP,
      ENETUNREACH, ECONNRESET:
      true
    default: false
    }
  }
}
