/// Lets one task wait until another thread tells it to look again.
///
/// A signal that comes before the wait is kept, so the pattern "look, then wait, then look again"
/// misses nothing; several signals count as one. It carries no meaning: whoever wakes must look at
/// the state, and at `Task.isCancelled`, for cancelling the waiter signals too.
package final class Wakeup: Sendable {
  private enum State {
    case idle
    case signalled
    case waiting(CheckedContinuation<Void, Never>)
  }

  private let state = Guarded(State.idle)

  package init() {}

  /// Wakes the waiting task, or the next one that waits. Any thread may call it.
  package func signal() {
    let waiter: CheckedContinuation<Void, Never>? = self.state.withLock { state in
      switch state {
      case .idle, .signalled:
        state = .signalled
        return nil
      case .waiting(let waiter):
        state = .idle
        return waiter
      }
    }
    waiter?.resume()
  }

  /// Waits for a signal or for the task's cancellation.
  ///
  /// - Parameter isolation: the caller's; the wait keeps it.
  package func wait(isolation: isolated (any Actor)? = #isolation) async {
    await withTaskCancellationHandler {
      // A closure that does not capture it would leave the actor, and come back: two hops a wait.
      _ = isolation
      await self.waitIgnoringCancellation()
    } onCancel: {
      self.signal()
    }
  }

  /// Waits for a signal only.
  package func waitIgnoringCancellation() async {
    await withCheckedContinuation { continuation in
      let isSignalled = self.state.withLock { state in
        switch state {
        case .idle:
          state = .waiting(continuation)
          return false
        case .signalled:
          state = .idle
          return true
        case .waiting:
          preconditionFailure(
            "two tasks wait where only one may: a channel has one reader, one writer")
        }
      }
      if isSignalled { continuation.resume() }
    }
  }
}
