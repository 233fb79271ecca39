internal import EkkoCore
internal import EkkoTransport

/// One try to open a channel: a question there and an answer back, with a limit of time.
final class ConnectAttempt {
  private enum Outcome {
    case connected(SimulatedConnection)
    case failed(TransportError)
  }

  private let attachment: NetworkAttachment
  private let host: NetworkHost
  private let port: UInt16
  private let wakeup = Wakeup()
  private var outcome: Outcome?
  private var timeout: TimerQueue.Ticket?

  init(by attachment: NetworkAttachment, to host: NetworkHost, port: UInt16) {
    self.attachment = attachment
    self.host = host
    self.port = port
  }

  func run() async throws(TransportError) -> SimulatedConnection {
    if Task.isCancelled { throw .cancelled }
    let network = self.attachment.network
    let there = self.attachment.host.path(to: self.host)
    there.sendControl { self.ask() }
    self.timeout = network.simulation.after(network.shape.limits.connectTimeout) {
      self.settle(.failed(.timedOut))
    }
    while true {
      switch self.outcome {
      case .connected(let connection)?: return connection
      case .failed(let error)?: throw error
      case nil: break
      }
      if Task.isCancelled {
        self.settle(.failed(.cancelled))
        throw .cancelled
      }
      await self.wakeup.wait()
    }
  }

  /// At the other host. Where there is no power, nothing answers.
  private func ask() {
    guard self.outcome == nil, self.attachment.isAlive, !self.host.isDown else { return }
    let network = self.attachment.network
    let back = self.host.path(to: self.attachment.host)
    if let connection = self.host.listener(at: self.port)?.join(
      from: self.attachment, limits: network.shape.limits)
    {
      back.sendControl { self.settle(.connected(connection)) }
    } else {
      back.sendControl { self.settle(.failed(.refused)) }
    }
  }

  private func settle(_ outcome: Outcome) {
    guard self.outcome == nil else {
      // It was given up meanwhile; the other side hears of it as of any channel that ends.
      if case .connected(let connection) = outcome { connection.connector.abort() }
      return
    }
    self.outcome = outcome
    if let timeout = self.timeout { self.attachment.network.simulation.cancel(timeout) }
    self.timeout = nil
    self.wakeup.signal()
  }
}
