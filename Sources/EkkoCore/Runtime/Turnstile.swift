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
    let ticket: Ticket? = self.state.withLock { state in
      guard state.isTaken else {
        state.isTaken = true
        return nil
      }
      let ticket = Ticket()
      state.waiting.append(ticket)
      return ticket
    }
    guard let ticket else { return true }
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
