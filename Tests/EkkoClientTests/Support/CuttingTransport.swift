import EkkoCore
import EkkoTransport

/// A transport whose channels break where the test says: for each cut that was ordered, the next
/// bytes of that direction do not arrive, and the channel ends for both sides.
struct CuttingTransport: Transport {
  enum Moment: CaseIterable, Sendable {
    /// The request never reaches the other side.
    case request
    /// The other side has answered, and nothing of the answer arrives.
    case reply
    /// The answer arrives in part.
    case halfReply
  }

  private let inner: any Transport
  private let plan = Plan()

  init(_ inner: any Transport) { self.inner = inner }

  /// Breaks the channel that carries the next bytes at `moment`.
  func cutNext(_ moment: Moment) { self.plan.order(moment) }

  /// The channels that were broken so far.
  var cutCount: Int { self.plan.cutCount }

  fileprivate final class Plan: Sendable {
    private let state = Guarded(State())

    private struct State {
      var next: Moment?
      var cutCount = 0
    }

    func order(_ moment: Moment) { self.state.withLock { $0.next = moment } }

    var cutCount: Int { self.state.withLock { $0.cutCount } }

    /// The cut that is due, if it is one of `moments`; it is not due again.
    func take(_ moments: Moment...) -> Moment? {
      self.state.withLock { state in
        guard let next = state.next, moments.contains(next) else { return nil }
        state.next = nil
        state.cutCount += 1
        return next
      }
    }
  }

  private final class Channel: ByteChannel {
    let home: Home
    private let inner: any ByteChannel
    private let plan: Plan

    init(_ inner: any ByteChannel, _ plan: Plan) {
      self.home = inner.home
      self.inner = inner
      self.plan = plan
    }

    func read(into bytes: inout [UInt8], room: Int) async throws(TransportError) -> Bool {
      guard let piece = try await self.inner.read() else { return false }
      guard let moment = self.plan.take(.reply, .halfReply) else {
        bytes += piece
        return true
      }
      self.inner.abort()
      guard moment == .halfReply, piece.count > 1 else { throw .reset }
      bytes += piece.prefix(piece.count / 2)
      return true
    }

    func write(_ pieces: [ArraySlice<UInt8>]) async throws(TransportError) {
      guard self.plan.take(.request) == nil else {
        self.inner.abort()
        throw .reset
      }
      try await self.inner.write(pieces)
    }

    var isFull: Bool { self.inner.isFull }

    var outflow: Outflow { self.inner.outflow }

    func close() async { await self.inner.close() }

    func abort() { self.inner.abort() }
  }

  func connect(to endpoint: Endpoint, on home: Home) async throws(TransportError)
    -> any ByteChannel
  {
    Channel(try await self.inner.connect(to: endpoint, on: home), self.plan)
  }

  func listen(on endpoint: Endpoint, homes: [Home]) async throws(TransportError)
    -> any ChannelListener
  {
    try await self.inner.listen(on: endpoint, homes: homes)
  }
}
