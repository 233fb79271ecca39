internal import EkkoCore

/// One direction of a channel in memory: a bounded queue of bytes with one writer and one reader.
final class MemoryPipe: Sendable {
  /// Bytes read without once waiting before the reader must let others run.
  private static let turnByteCount = 1 << 20

  private let limits: ChannelLimits
  private let readWakeup = Wakeup()
  private let writeWakeup = Wakeup()
  private let state: Guarded<State>

  private struct State {
    /// In order; only the first may have been read in part.
    var pieces: [[UInt8]] = []
    var first = 0
    var readOfFirst = 0
    var byteCount = 0
    var acceptedByteCount: UInt64 = 0
    /// What the reader meets after the last byte, and the writer at once.
    var ending: Ending?
    var writeFailure: TransportError?
    /// After this many bytes more the pipe breaks.
    var bytesUntilCut: Int?
    var bytesThisTurn = 0
  }

  enum Ending {
    case orderly
    case failure(TransportError)
  }

  private enum ReadOutcome {
    case bytes([UInt8])
    case ended(Ending)
    case mustYield
    case mustWait
  }

  enum WriteOutcome {
    case accepted
    /// As far as the planned break; the rest is lost.
    case cut
    case failed(TransportError)
    case mustWait
  }

  init(limits: ChannelLimits, bytesUntilCut: Int?) {
    self.limits = limits
    self.state = Guarded(State(bytesUntilCut: bytesUntilCut))
  }

  func read(limit: Int) async throws(TransportError) -> [UInt8]? {
    let limit = min(limit, self.limits.readByteCount, self.limits.largestPieceByteCount ?? .max)
    while true {
      let outcome = self.state.withLock { Self.take(from: &$0, limit: limit) }
      switch outcome {
      case .bytes(let bytes):
        self.writeWakeup.signal()
        return bytes
      case .ended(.orderly): return nil
      case .ended(.failure(let error)): throw error
      case .mustYield: await Task.yield()
      case .mustWait:
        if Task.isCancelled { throw .cancelled }
        await self.readWakeup.wait()
      }
    }
  }

  /// Accepts `bytes` after waiting for room; `.cut` if that reached the planned break.
  func write(_ bytes: [UInt8]) async throws(TransportError) -> WriteOutcome {
    while true {
      let outcome = self.state.withLock {
        Self.put(bytes, into: &$0, highWatermark: self.limits.highWatermark)
      }
      switch outcome {
      case .accepted, .cut:
        self.readWakeup.signal()
        return outcome
      case .failed(let error): throw error
      case .mustWait:
        if Task.isCancelled { throw .cancelled }
        await self.writeWakeup.wait()
      }
    }
  }

  var isFull: Bool { self.state.withLock { $0.byteCount > self.limits.highWatermark } }

  var outflow: Outflow {
    self.state.withLock { Outflow(accepted: $0.acceptedByteCount, waiting: $0.byteCount) }
  }

  /// The writer's side ends the pipe: nothing more is accepted, and `ending` follows what it holds,
  /// or at once if that is not kept. Of several endings the first counts.
  func end(_ ending: Ending, writer error: TransportError, keepingBytes: Bool) {
    self.state.withLock { state in
      state.writeFailure = error
      guard state.ending == nil else { return }
      state.ending = ending
      if !keepingBytes { Self.dropAll(of: &state) }
    }
    self.wakeBoth()
  }

  /// The reader's side ends the pipe: what it holds is lost, and the writer sees a reset.
  func leave(reader error: TransportError) {
    self.state.withLock { state in
      Self.dropAll(of: &state)
      state.ending = .failure(error)
      if state.writeFailure == nil { state.writeFailure = .reset }
    }
    self.wakeBoth()
  }

  private func wakeBoth() {
    self.readWakeup.signal()
    self.writeWakeup.signal()
  }

  private static func dropAll(of state: inout State) {
    (state.pieces, state.first, state.readOfFirst, state.byteCount) = ([], 0, 0, 0)
  }

  private static func take(from state: inout State, limit: Int) -> ReadOutcome {
    guard state.first < state.pieces.count else {
      state.bytesThisTurn = 0
      return state.ending.map { .ended($0) } ?? .mustWait
    }
    if state.bytesThisTurn >= Self.turnByteCount {
      state.bytesThisTurn = 0
      return .mustYield
    }
    let piece = state.pieces[state.first]
    let count = min(piece.count - state.readOfFirst, limit)
    let bytes =
      count == piece.count
      ? piece : Array(piece[state.readOfFirst..<(state.readOfFirst + count)])
    state.readOfFirst += count
    state.byteCount -= count
    state.bytesThisTurn += count
    if state.readOfFirst == piece.count { Self.dropFirst(of: &state) }
    return .bytes(bytes)
  }

  private static func dropFirst(of state: inout State) {
    state.pieces[state.first] = []
    state.first += 1
    state.readOfFirst = 0
    if state.first == state.pieces.count {
      state.pieces.removeAll(keepingCapacity: true)
      state.first = 0
    } else if state.first > 32, state.first * 2 > state.pieces.count {
      state.pieces.removeFirst(state.first)
      state.first = 0
    }
  }

  private static func put(
    _ bytes: [UInt8], into state: inout State, highWatermark: Int
  ) -> WriteOutcome {
    if let failure = state.writeFailure { return .failed(failure) }
    guard state.byteCount <= highWatermark else { return .mustWait }
    let count = min(bytes.count, state.bytesUntilCut ?? .max)
    if count > 0 {
      state.pieces.append(count == bytes.count ? bytes : Array(bytes.prefix(count)))
      state.byteCount += count
      state.acceptedByteCount += UInt64(count)
    }
    guard let left = state.bytesUntilCut else { return .accepted }
    state.bytesUntilCut = left - count
    return left == count ? .cut : .accepted
  }
}
