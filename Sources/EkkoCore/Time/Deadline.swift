/// Runs `body` and answers its value, or `nil` if `duration` passes first.
///
/// `body` is then cancelled and still awaited, so it must end when cancelled. If the calling task is
/// cancelled, so is `body`, and its value counts.
package func withDeadline<Value: Sendable>(
  _ duration: Duration, clock: any RuntimeClock, _ body: @escaping @Sendable () async -> Value
) async -> Value? {
  await withTaskGroup(of: Ending<Value>.self) { group in
    group.addTask { .finished(await body()) }
    group.addTask {
      do {
        try await clock.sleep(for: duration)
        return .due
      } catch {
        return .cancelled
      }
    }
    defer { group.cancelAll() }
    while let ending = await group.next() {
      switch ending {
      case .finished(let value): return value
      case .due: return nil
      case .cancelled: continue
      }
    }
    return nil
  }
}

/// How one of the two sides of a deadline ended.
private enum Ending<Value: Sendable>: Sendable {
  case finished(Value)
  case due
  case cancelled
}
