import EkkoCore

/// Time that stands still until the test moves it.
final class ManualClock: RuntimeClock {
  private struct Sleeper {
    let length: Duration
    let deadline: MonotonicTime
    let continuation: CheckedContinuation<Bool, Never>
  }

  private struct State {
    var now = MonotonicTime(nanoseconds: 1_000_000_000)
    var nextID: UInt64 = 0
    var sleepers: [UInt64: Sleeper] = [:]
  }

  private let state = Guarded(State())
  private let somebodySleeps = Wakeup()

  func now() -> Instant {
    let now = self.state.withLock { $0.now }
    return Instant(monotonic: now, wall: WallTime(microseconds: UInt64(now.nanoseconds / 1000)))
  }

  func sleep(until deadline: MonotonicTime) async throws {
    let id = self.state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    let isOver = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver: Bool? = self.state.withLock { state in
          if Task.isCancelled { return false }
          if deadline <= state.now { return true }
          state.sleepers[id] = Sleeper(
            length: state.now.duration(to: deadline), deadline: deadline,
            continuation: continuation)
          return nil
        }
        if let isOver { continuation.resume(returning: isOver) }
        self.somebodySleeps.signal()
      }
    } onCancel: {
      let sleeper = self.state.withLock { $0.sleepers.removeValue(forKey: id) }
      sleeper?.continuation.resume(returning: false)
    }
    guard isOver else { throw CancellationError() }
  }

  /// Waits until the lengths of the sleeps under way, ascending, are as `condition` says, and answers
  /// them; `nil` if the calling task is cancelled. One task at a time may wait.
  func sleeps(_ condition: ([Duration]) -> Bool) async -> [Duration]? {
    while !Task.isCancelled {
      let lengths = self.state.withLock { $0.sleepers.values.map(\.length) }.sorted()
      if condition(lengths) { return lengths }
      await self.somebodySleeps.wait()
    }
    return nil
  }

  func advance(by duration: Duration) {
    let over = self.state.withLock { state in
      let now = state.now.advanced(by: duration)
      state.now = now
      let over = state.sleepers.filter { $0.value.deadline <= now }
      for id in over.keys { state.sleepers[id] = nil }
      return over.sorted { ($0.value.deadline, $0.key) < ($1.value.deadline, $1.key) }
    }
    for (_, sleeper) in over { sleeper.continuation.resume(returning: true) }
  }
}
