import EkkoCore
import Testing

struct WatchedTests {
  /// Runs the jobs of its tasks when the test says so, in the order of their arrival.
  private final class Lane: TaskExecutor {
    private let jobs = Guarded<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
      let job = UnownedJob(job)
      self.jobs.withLock { $0.append(job) }
    }

    func drain() {
      while let job = self.jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
        job.runSynchronously(on: self.asUnownedTaskExecutor())
      }
    }
  }

  private final class Log: Sendable {
    private let numbers = Guarded<[Int]>([])

    var entries: [Int] { self.numbers.withLock { $0 } }

    func append(_ number: Int) { self.numbers.withLock { $0.append(number) } }
  }

  private static let deadline = MonotonicTime(nanoseconds: 5)

  @Test(
    arguments: [
      { $0.expireWaits(at: Self.deadline) }, { $0.close() },
    ] as [@Sendable (Watched<Int, Int>) -> Void])
  func `waits that end together end in the order they began, whatever they wait on`(
    end: @Sendable (Watched<Int, Int>) -> Void
  ) {
    let watched = Watched<Int, Int>(0)
    let lane = Lane()
    let log = Log()
    for number in 0..<50 {
      Task(executorPreference: lane) {
        let isMet = await watched.wait(on: number, until: Self.deadline) { _ in false }
        if !isMet { log.append(number) }
      }
    }
    lane.drain()
    #expect(log.entries.isEmpty)

    end(watched)
    lane.drain()

    #expect(log.entries == Array(0..<50))
    #expect(!watched.hasWaiters)
  }
}
