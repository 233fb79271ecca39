internal import EkkoCore

/// The life of one socket: what each call and each report of readiness does to it. Synchronous; its
/// owner keeps it under a lock and does the waiting.
struct SocketState: ~Copyable {
  typealias Closer = CheckedContinuation<Void, Never>

  enum Phase {
    case connecting
    case open
    /// Sending what was accepted before the close.
    case flushing
    /// Everything is sent and ended; waiting for the other side's end, so that the kernel does not
    /// answer late bytes with a reset that overtakes ours.
    case draining
    case ended(TransportError)
  }

  enum ReceiveOutcome {
    case received
    case ended
    case failed(TransportError)
    case mustYield
    case mustWait
  }

  enum Outcome {
    case accepted
    case failed(TransportError)
    case mustWait
  }

  /// Bytes read without once waiting before the reader must let others run.
  private static let turnByteCount = 1 << 20
  /// Bytes thrown away while draining before the other side's end is no longer waited for.
  private static let drainByteCount = 4 << 20

  /// Its number with the loop, until the loop has been told to forget it.
  var registration: UInt64?
  var closers: [Closer] = []
  private var socket: Socket?
  private var phase: Phase
  private let limits: ChannelLimits
  private var outgoing = OutgoingBuffer()
  private var acceptedByteCount: UInt64 = 0
  /// Sending failed; what the other side sent before may still be read.
  private var sendFailure: TransportError?
  private var hasReachedEnd = false
  /// Nothing is left to read until the next report: the last call took less than it had room for.
  private var isReadDry = false
  /// The other side's end, or a fault, has been reported; no other report may come before it is met.
  private var isEndReported = false
  /// What calls would have had to wait for since the loop was last told.
  private var expected: SocketReadiness = []
  private var bytesThisTurn = 0
  private var drainedByteCount = 0

  init(_ socket: consuming Socket, phase: Phase, limits: ChannelLimits) {
    self.socket = consume socket
    self.phase = phase
    self.limits = limits
  }

  var hasEnded: Bool { if case .ended = self.phase { true } else { false } }

  /// Appends what is there to `bytes`; about `room` bytes of it, as `ByteChannel.read` explains.
  mutating func receive(into bytes: inout [UInt8], room: Int) -> ReceiveOutcome {
    switch self.phase {
    case .connecting: preconditionFailure("read before the connection stands")
    case .flushing, .draining: return .failed(.closed)
    case .ended(let error): return .failed(error)
    case .open: break
    }
    if self.hasReachedEnd { return .ended }
    if self.bytesThisTurn >= Self.turnByteCount {
      self.bytesThisTurn = 0
      return .mustYield
    }
    let limit = min(
      max(1, room), self.limits.largestPieceByteCount ?? .max, self.limits.readByteCount)
    do throws(SystemError) {
      guard !self.isReadDry || self.isEndReported,
        let count = try self.socket?.receive(into: &bytes, limit: limit)
      else {
        self.bytesThisTurn = 0
        self.expected.insert(.readable)
        return .mustWait
      }
      guard count > 0 else {
        self.hasReachedEnd = true
        return .ended
      }
      self.isReadDry = count < limit
      self.bytesThisTurn += count
      return .received
    } catch {
      self.end(TransportError(error))
      return .failed(TransportError(error))
    }
  }

  mutating func accept(_ pieces: [ArraySlice<UInt8>]) -> Outcome {
    switch self.phase {
    case .connecting: preconditionFailure("write before the connection stands")
    case .flushing, .draining: return .failed(.closed)
    case .ended(let error): return .failed(error)
    case .open: break
    }
    if let sendFailure = self.sendFailure { return .failed(sendFailure) }
    guard !self.isFull else { return .mustWait }
    self.acceptedByteCount += UInt64(self.outgoing.append(pieces))
    self.flush()
    if let sendFailure = self.sendFailure { return .failed(sendFailure) }
    return .accepted
  }

  var isFull: Bool { self.outgoing.byteCount > self.limits.highWatermark }

  mutating func outflow() -> Outflow {
    let unconfirmed = self.socket?.unconfirmedByteCount ?? 0
    return Outflow(
      accepted: self.acceptedByteCount, waiting: self.outgoing.byteCount + unconfirmed)
  }

  mutating func path() -> NetworkPath? { self.socket?.path }

  /// What the owner must tell its loop now, and as whom.
  mutating func takeExpected() -> (readiness: SocketReadiness, registration: UInt64)? {
    guard !self.expected.isEmpty, let registration = self.registration else { return nil }
    defer { self.expected = [] }
    return (self.expected, registration)
  }

  mutating func startClosing() {
    switch self.phase {
    case .flushing, .draining, .ended: return
    case .connecting: self.end(.closed)
    case .open:
      self.phase = .flushing
      self.continueClosing()
    }
  }

  mutating func abort() {
    guard !self.hasEnded else { return }
    do throws(SystemError) {
      try self.socket?.resetOnClose()
    } catch {
      // Then the close is orderly, which the caller did not ask for but can live with.
      self.end(.closed)
      return
    }
    self.end(.closed)
  }

  /// What a report from the loop leads to.
  mutating func advance(_ readiness: SocketReadiness) {
    if readiness.contains(.readable) { self.isReadDry = false }
    if readiness.contains(.ended) { self.isEndReported = true }
    switch self.phase {
    case .ended: return
    case .connecting:
      if readiness.contains(.deadline) { self.end(.timedOut) }
    case .open:
      if readiness.contains(.writable), self.sendFailure == nil { self.flush() }
    case .flushing, .draining:
      if readiness.contains(.deadline) { self.end(.closed) } else { self.continueClosing() }
    }
  }

  mutating func checkConnection() -> Outcome {
    switch self.phase {
    case .open: return .accepted
    case .ended(let error): return .failed(error)
    case .connecting, .flushing, .draining: break
    }
    do throws(SystemError) {
      let code = try self.socket?.pendingError() ?? 0
      if code != 0 { throw SystemError(code: code, call: .connect) }
    } catch {
      self.end(TransportError(error))
      return .failed(TransportError(error))
    }
    guard let remote = self.socket?.remoteAddress else {
      self.expected.insert(.writable)
      return .mustWait
    }
    // TCP lets a socket connect to itself when it dials a free port that it was itself given.
    if remote == self.socket?.localAddress {
      self.end(.refused)
      return .failed(.refused)
    }
    self.phase = .open
    return .accepted
  }

  private mutating func flush() {
    guard let socket = self.socket.take() else { return }
    do throws(SystemError) {
      let limit = self.limits.largestPieceByteCount ?? .max
      try self.outgoing.drain { pieces throws(SystemError) in
        try socket.send(pieces, limit: limit)
      }
      if !self.outgoing.isEmpty { self.expected.insert(.writable) }
    } catch {
      self.sendFailure = TransportError(error)
      self.outgoing.removeAll()
    }
    self.socket = consume socket
  }

  private mutating func continueClosing() {
    if case .flushing = self.phase {
      if self.sendFailure == nil { self.flush() }
      if self.sendFailure != nil { return self.end(.closed) }
      guard self.outgoing.isEmpty else { return }
      do throws(SystemError) {
        try self.socket?.shutdownWriting()
      } catch {
        // The other side has gone already: there is nobody to wait for.
        return self.end(.closed)
      }
      self.phase = .draining
    }
    self.drain()
  }

  private mutating func drain() {
    while !self.hasReachedEnd, self.drainedByteCount < Self.drainByteCount {
      do throws(SystemError) {
        guard let count = try self.socket?.discard(limit: Self.turnByteCount) else {
          self.expected.insert(.readable)
          return
        }
        self.drainedByteCount += count
        self.hasReachedEnd = count == 0
      } catch {
        break
      }
    }
    self.end(.closed)
  }

  /// Closes the socket; the owner settles the rest outside its lock.
  private mutating func end(_ error: TransportError) {
    self.phase = .ended(error)
    self.socket = nil
    self.outgoing.removeAll()
  }
}
