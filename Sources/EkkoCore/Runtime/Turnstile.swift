/// Lets tasks through one at a time, in the order of their arrival.
package final class Turnstile: Sendable {
  private let state = Guarded(State())

  package init() {}

  private struct State {
    var isTaken = false
    var waiting: [Ticket] = []
    /// Whom the last one handed over to, until that one notices.
    var granted: Ticket?
  }

  private final class Ticket: Sendable {
    let wakeup = Wakeup()
  }

  /// Waits for its turn; whoever gets `true` must `leave`. `false` if the task was cancelled first.
  package func enter() async -> Bool {
    guard let ticket = self.queue() else { return true }
    await ticket.wakeup.wait()
    return self.state.withLock { state in
      if state.granted === ticket {
        state.granted = nil
        return true
      }
      state.waiting.removeAll { $0 === ticket }
      return false
    }
  }

  /// Waits for its turn even if the task is cancelled meanwhile; then `leave`.
  package func enterIgnoringCancellation() async {
    guard let ticket = self.queue() else { return }
    await ticket.wakeup.waitIgnoringCancellation()
    self.state.withLock { $0.granted = nil }
  }

  /// Enters if nobody is inside; otherwise a place in the queue.
  private func queue() -> Ticket? {
    self.state.withLock { state in
      guard state.isTaken else {
        state.isTaken = true
        return nil
      }
      let ticket = Ticket()
      state.waiting.append(ticket)
      return ticket
    }
  }

  package func leave() {
    let next = self.state.withLock { state in
      if state.waiting.isEmpty {
        state.isTaken = false
      } else {
        state.granted = state.waiting.removeFirst()
      }
      return state.granted
    }
    next?.wakeup.signal()
  }
}
