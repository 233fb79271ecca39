package import EkkoCore

/// The machine's time, with timers on the core loops: who sleeps on a loop is woken by it, and no
/// other thread has a part in that.
package struct LoopClock: RuntimeClock {
  private let loops: CoreLoops
  private let time = SystemClock()

  package init(loops: CoreLoops) { self.loops = loops }

  package func now() -> Instant { self.time.now() }

  package func sleep(until deadline: MonotonicTime) async throws {
    try await self.loops.current.sleep(until: deadline, isolation: #isolation)
  }
}

extension CoreLoop {
  /// Returns at or after `deadline`, by less than two milliseconds while the loop is idle; throws
  /// `CancellationError` if the task is cancelled first. The loop must not be stopped meanwhile.
  ///
  /// - Parameter isolation: the caller's; see `Wakeup.wait`.
  func sleep(until deadline: MonotonicTime, isolation: isolated (any Actor)?) async throws {
    let sleeper = Sleeper()
    let registration = self.poll.add(timer: sleeper)
    defer { self.poll.remove(registration) }
    try await withTaskCancellationHandler {
      _ = isolation
      try await withCheckedThrowingContinuation { continuation in
        guard sleeper.begin(continuation) else { return }
        self.setDeadline(deadline, for: registration)
      }
    } onCancel: {
      sleeper.end(.failure(CancellationError()))
    }
  }
}

/// One sleep: ends once, by its time or by cancellation.
private final class Sleeper: SocketHandler {
  private enum State {
    case idle
    case sleeping(CheckedContinuation<Void, any Error>)
    case over(Result<Void, any Error>)
  }

  private let state = Guarded(State.idle)

  /// - Returns: whether there is anything to wait for.
  func begin(_ continuation: CheckedContinuation<Void, any Error>) -> Bool {
    let early: Result<Void, any Error>? = self.state.withLock { state in
      if case .over(let result) = state { return result }
      state = .sleeping(continuation)
      return nil
    }
    if let early { continuation.resume(with: early) }
    return early == nil
  }

  func end(_ result: Result<Void, any Error>) {
    let continuation: CheckedContinuation<Void, any Error>? = self.state.withLock { state in
      switch state {
      case .idle:
        state = .over(result)
        return nil
      case .sleeping(let continuation):
        state = .over(result)
        return continuation
      case .over:
        return nil
      }
    }
    continuation?.resume(with: result)
  }

  func socketBecameReady(_ readiness: SocketReadiness) {
    if readiness.contains(.deadline) { self.end(.success(())) }
  }
}
