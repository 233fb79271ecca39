/// State behind a lock that tasks can wait on: each waits, no longer than its deadline, until a
/// condition holds of the state.
///
/// A change names a topic; only who waits on that topic, or on every topic, is looked at. Deadlines
/// need no timer of their own: the owner calls `expireWaits` regularly. Conditions are evaluated
/// under the lock and must be cheap; continuations are resumed outside it.
@usableFromInline
package final class Watched<Value: Sendable, Topic: Hashable & Sendable>: Sendable {
  @usableFromInline
  struct Waiter: Sendable {
    @usableFromInline let id: UInt64
    @usableFromInline let deadline: MonotonicTime
    @usableFromInline let condition: @Sendable (borrowing Value) -> Bool
    @usableFromInline let continuation: CheckedContinuation<Bool, Never>

    @inlinable
    init(
      id: UInt64, deadline: MonotonicTime,
      condition: @escaping @Sendable (borrowing Value) -> Bool,
      continuation: CheckedContinuation<Bool, Never>
    ) {
      self.id = id
      self.deadline = deadline
      self.condition = condition
      self.continuation = continuation
    }
  }

  @usableFromInline
  struct State {
    @usableFromInline var value: Value
    /// In the order of their coming; the key `nil` holds those who wait on every topic.
    @usableFromInline var waiters: [Topic?: [Waiter]] = [:]
    @usableFromInline var nextID: UInt64 = 0
    /// No waiter's deadline is before this.
    @usableFromInline var earliestDeadline = MonotonicTime.never
    @usableFromInline var isClosed = false

    @inlinable
    init(value: Value) { self.value = value }

    @inlinable
    mutating func take(_ topic: Topic?, where isOver: (Waiter) -> Bool) -> [Waiter] {
      guard let waiting = self.waiters[topic] else { return [] }
      let over = waiting.filter(isOver)
      guard !over.isEmpty else { return [] }
      let left = over.count == waiting.count ? [] : waiting.filter { !isOver($0) }
      self.waiters[topic] = left.isEmpty ? nil : left
      return over
    }

    /// Those on `topic` whose condition holds now. Mostly nobody's does.
    @inlinable
    mutating func takeSatisfied(_ topic: Topic?) -> [Waiter] {
      guard let waiting = self.waiters[topic] else { return [] }
      var satisfied = false
      for waiter in waiting where waiter.condition(self.value) { satisfied = true }
      guard satisfied else { return [] }
      let value = self.value
      return self.take(topic) { $0.condition(value) }
    }
  }

  @usableFromInline let state: Guarded<State>

  @inlinable
  package init(_ value: Value) { self.state = Guarded(State(value: value)) }

  @inlinable
  package func read<Result>(_ body: (borrowing Value) -> sending Result) -> sending Result {
    self.state.withLock { body($0.value) }
  }

  /// Changes the state without looking for waiters: for parts nobody waits on.
  @inlinable
  package func update<Result>(_ body: (inout Value) -> sending Result) -> sending Result {
    self.state.withLock { body(&$0.value) }
  }

  /// Changes the state and wakes who was waiting for that.
  @inlinable
  package func change<Result: Sendable>(
    _ topic: Topic?, _ body: (inout Value) -> Result
  ) -> Result {
    let (result, satisfied) = self.state.withLock { state in
      let result = body(&state.value)
      guard !state.waiters.isEmpty else { return (result, [Waiter]()) }
      let onTopic = topic == nil ? [] : state.takeSatisfied(topic)
      return (result, onTopic + state.takeSatisfied(nil))
    }
    for waiter in satisfied { waiter.continuation.resume(returning: true) }
    return result
  }

  /// Whether anyone waits.
  @inlinable
  package var hasWaiters: Bool { self.state.withLock { !$0.waiters.isEmpty } }

  /// Waits until `condition` holds; false when the deadline, `close` or cancellation came first.
  ///
  /// - Parameters:
  ///   - topic: which changes to look at; `nil` for all.
  ///   - isolation: the caller's; see `Wakeup.wait`.
  @inlinable
  package func wait(
    on topic: Topic?, until deadline: MonotonicTime,
    isolation: isolated (any Actor)? = #isolation,
    for condition: @escaping @Sendable (borrowing Value) -> Bool
  ) async -> Bool {
    let id = self.state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    return await withTaskCancellationHandler {
      _ = isolation
      return await withCheckedContinuation { continuation in
        let answer: Bool? = self.state.withLock { state in
          if condition(state.value) { return true }
          if state.isClosed || Task.isCancelled { return false }
          state.waiters[topic, default: []].append(
            Waiter(id: id, deadline: deadline, condition: condition, continuation: continuation))
          state.earliestDeadline = min(state.earliestDeadline, deadline)
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      let cancelled = self.state.withLock { $0.take(topic) { $0.id == id } }
      for waiter in cancelled { waiter.continuation.resume(returning: false) }
    }
  }

  /// Ends the waits whose deadline has passed. Cheap while none has.
  @inlinable
  package func expireWaits(at now: MonotonicTime) {
    guard self.state.withLock({ $0.earliestDeadline <= now }) else { return }
    self.endWaits { $0.deadline <= now }
  }

  /// Ends every wait, now and from now on, as if its deadline had passed.
  @inlinable
  package func close() {
    self.state.withLock { $0.isClosed = true }
    self.endWaits { _ in true }
  }

  @inlinable
  func endWaits(where isOver: @Sendable (Waiter) -> Bool) {
    let over = self.state.withLock { state in
      var over: [Waiter] = []
      for topic in Array(state.waiters.keys) { over += state.take(topic, where: isOver) }
      state.earliestDeadline = .never
      for waiting in state.waiters.values {
        for waiter in waiting {
          state.earliestDeadline = min(state.earliestDeadline, waiter.deadline)
        }
      }
      return over
    }
    // The topics have no order; the waiters have that of their coming.
    for waiter in over.sorted(by: { $0.id < $1.id }) {
      waiter.continuation.resume(returning: false)
    }
  }
}
