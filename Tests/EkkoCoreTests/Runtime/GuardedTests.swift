import EkkoCore
import Testing

/// State behind a lock; under the thread sanitizer also that the lock is understood.
@Suite struct GuardedTests {
  private final class Counter: Sendable {
    let state = Guarded((count: 0, log: [Int]()))
  }

  private struct Full: Error {}

  @Test func `no update is lost under contention`() async {
    let counter = Counter()
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<4 {
        group.addTask {
          for _ in 0..<2000 {
            counter.state.withLock { state in
              state.count += 1
              state.log = Array(state.log.suffix(50)) + [task]
            }
          }
        }
      }
    }
    #expect(counter.state.withLock { $0.count } == 8000)
  }

  @Test func `an error leaves the lock free`() {
    let counter = Counter()

    #expect(throws: Full.self) {
      try counter.state.withLock { state throws(Full) in
        state.count = 1
        throw Full()
      }
    }

    #expect(counter.state.withLock { $0.count } == 1)
  }
}
