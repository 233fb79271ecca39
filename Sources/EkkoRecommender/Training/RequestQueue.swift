internal import EkkoCore

/// Requests that wait to be answered together: bounded, with one consumer.
///
/// The lock is held for moving requests only; continuations are taken out before they are resumed
/// and resumed outside. A request leaves exactly once: answered, cancelled or refused.
final class RequestQueue<Request: Sendable, Answer: Sendable>: Sendable {
  /// A request that was taken and must be answered under its number.
  struct Taken: Sendable {
    let number: UInt64
    let request: Request
  }

  private struct State {
    var nextNumber: UInt64 = 0
    var waiting: [Taken] = []
    var callers: [UInt64: CheckedContinuation<Answer, any Error>] = [:]
    /// Numbers that were cancelled before they could be registered.
    var cancelledEarly: Set<UInt64> = []
    var consumer: CheckedContinuation<Void, Never>?
    var isClosed = false
  }

  private let capacity: Int
  private let state = Guarded(State())

  init(capacity: Int) { self.capacity = capacity }

  /// Requests that were not answered yet.
  var count: Int { self.state.withLock { $0.callers.count } }

  /// Waits for the answer to `request`; throws at once if the queue is full or closed.
  func submit(_ request: Request) async throws -> Answer {
    let number = self.state.withLock { state in
      state.nextNumber += 1
      return state.nextNumber
    }
    // A cancellation that found the request answered already has left its number behind.
    defer { _ = self.state.withLock { $0.cancelledEarly.remove(number) } }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { caller in
        self.register(number, request, caller)
      }
    } onCancel: {
      self.cancel(number)
    }
  }

  private func register(
    _ number: UInt64, _ request: Request, _ caller: CheckedContinuation<Answer, any Error>
  ) {
    let (refusal, consumer): ((any Error)?, CheckedContinuation<Void, Never>?) =
      self.state.withLock { state in
        if state.cancelledEarly.remove(number) != nil { return (CancellationError(), nil) }
        if state.isClosed { return (ServingError.stopped, nil) }
        if state.callers.count >= self.capacity {
          return (ServingError.overloaded(waiting: state.callers.count), nil)
        }
        state.callers[number] = caller
        state.waiting.append(Taken(number: number, request: request))
        return (nil, state.consumer.take())
      }
    if let refusal { caller.resume(throwing: refusal) }
    consumer?.resume()
  }

  private func cancel(_ number: UInt64) {
    let caller = self.state.withLock { state in
      state.waiting.removeAll { $0.number == number }
      let caller = state.callers.removeValue(forKey: number)
      // Either not registered yet, or answered already; `submit` clears the number at its end.
      if caller == nil { state.cancelledEarly.insert(number) }
      return caller
    }
    caller?.resume(throwing: CancellationError())
  }

  /// Everything that waits, at least one request; `nil` once the queue is closed.
  func takeAll() async -> [Taken]? {
    while true {
      let (taken, isClosed) = self.state.withLock { state in
        let taken = state.waiting
        state.waiting = []
        return (taken, state.isClosed)
      }
      if isClosed { return nil }
      if !taken.isEmpty { return taken }
      await withCheckedContinuation { consumer in
        let isReady = self.state.withLock { state in
          precondition(state.consumer == nil, "a request queue has one consumer")
          if !state.waiting.isEmpty || state.isClosed { return true }
          state.consumer = consumer
          return false
        }
        if isReady { consumer.resume() }
      }
    }
  }

  /// Answers a taken request; a cancelled one is no longer there.
  func answer(_ number: UInt64, with result: Result<Answer, any Error>) {
    let caller = self.state.withLock { $0.callers.removeValue(forKey: number) }
    caller?.resume(with: result)
  }

  /// Refuses everything that waits and all that comes later.
  func close() {
    let (callers, consumer) = self.state.withLock { state in
      state.isClosed = true
      let callers = state.callers
      state.callers = [:]
      state.waiting = []
      return (callers, state.consumer.take())
    }
    for number in callers.keys.sorted() { callers[number]?.resume(throwing: ServingError.stopped) }
    consumer?.resume()
  }
}

/// Why an inference server does not answer.
package enum ServingError: Error, Hashable, Sendable {
  /// Too many requests wait; try again later.
  case overloaded(waiting: Int)
  /// The server has ended.
  case stopped
  /// The model's layout names no item field.
  case noItems
}
