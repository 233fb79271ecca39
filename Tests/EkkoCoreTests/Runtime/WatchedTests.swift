import EkkoCore
import Testing

@Suite(.timeLimit(.minutes(5))) struct WatchedTests {
  private static let far = MonotonicTime(nanoseconds: .max)

  /// Tasks that wait, each on a topic of its own, and the order in which they go on. On one actor, so
  /// that the order of starting is the order of coming.
  @MainActor
  private final class Waiters {
    private(set) var woken: [Int] = []
    private var tasks: [Task<Void, Never>] = []

    func start(_ count: Int, on watched: Watched<Int, Int>, until deadline: MonotonicTime) async {
      for number in 0..<count {
        self.tasks.append(
          Task {
            #expect(await !watched.wait(on: number, until: deadline) { _ in false })
            self.woken.append(number)
          })
      }
      while !watched.hasWaiters { await Task.yield() }
      for _ in 0..<count { await Task.yield() }
    }

    func finish() async {
      for task in self.tasks { await task.value }
    }
  }

  @Test @MainActor func `whose deadline has passed is woken in the order of coming`() async {
    let watched = Watched<Int, Int>(0)
    let waiters = Waiters()
    let deadline = MonotonicTime(nanoseconds: 5)
    await waiters.start(50, on: watched, until: deadline)
    watched.expireWaits(at: deadline)
    await waiters.finish()
    #expect(waiters.woken == Array(0..<50))
  }

  @Test @MainActor func `closing wakes everyone in the order of coming`() async {
    let watched = Watched<Int, Int>(0)
    let waiters = Waiters()
    await waiters.start(50, on: watched, until: Self.far)
    watched.close()
    await waiters.finish()
    #expect(waiters.woken == Array(0..<50))
    #expect(!watched.hasWaiters)
  }
}
