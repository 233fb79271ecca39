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
    /// Who waits on every topic, in the order of their coming; and who on one.
    @usableFromInline var onAll: [Waiter] = []
    @usableFromInline var onTopic: [Topic: [Waiter]] = [:]
    @usableFromInline var nextID: UInt64 = 0
    /// No waiter's deadline is before this.
    @usableFromInline var earliestDeadline = MonotonicTime.never
    @usableFromInline var isClosed = false

    @inlinable
    init(value: Value) { self.value = value }

    @inlinable
    var hasWaiters: Bool { !self.onAll.isEmpty || !self.onTopic.isEmpty }

    @inlinable
    mutating func take(_ topic: Topic?, where isOver: (Waiter) -> Bool) -> [Waiter] {
      guard let topic else { return Self.take(from: &self.onAll, where: isOver) }
      guard !self.onTopic.isEmpty, var waiting = self.onTopic[topic] else { return [] }
      let over = Self.take(from: &waiting, where: isOver)
      if !over.isEmpty { self.onTopic[topic] = waiting.isEmpty ? nil : waiting }
      return over
    }

    @inlinable
    static func take(from waiting: inout [Waiter], where isOver: (Waiter) -> Bool) -> [Waiter] {
      let over = waiting.filter(isOver)
      if !over.isEmpty { waiting.removeAll(where: isOver) }
      return over
    }

    /// Those who wait for what holds now. Mostly nobody does, and nothing is copied.
    @inlinable
    mutating func takeSatisfied(_ topic: Topic?) -> [Waiter] {
      var satisfied: [Waiter] = []
      if self.onAll.contains(where: { $0.condition(self.value) }) {
        let value = self.value
        satisfied = self.take(nil) { $0.condition(value) }
      }
      guard let topic, !self.onTopic.isEmpty, self.onTopic[topic] != nil else { return satisfied }
      let value = self.value
      return self.take(topic) { $0.condition(value) } + satisfied
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
      return (result, state.hasWaiters ? state.takeSatisfied(topic) : [])
    }
    for waiter in satisfied { waiter.continuation.resume(returning: true) }
    return result
  }

  /// Whether anyone waits.
  @inlinable
  package var hasWaiters: Bool { self.state.withLock(\.hasWaiters) }

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
          let waiter = Waiter(
            id: id, deadline: deadline, condition: condition, continuation: continuation)
          if let topic {
            state.onTopic[topic, default: []].append(waiter)
          } else {
            state.onAll.append(waiter)
          }
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
      var over = state.take(nil, where: isOver)
      for topic in Array(state.onTopic.keys) { over += state.take(topic, where: isOver) }
      state.earliestDeadline = .never
      for waiter in [state.onAll, state.onTopic.values.flatMap(\.self)].joined() {
        state.earliestDeadline = min(state.earliestDeadline, waiter.deadline)
      }
      return over
    }
    // The topics have no order; the waiters have that of their coming.
    for waiter in over.sorted(by: { $0.id < $1.id }) {
      waiter.continuation.resume(returning: false)
    }
  }
}
