import EkkoCore
import Synchronization

/// An executor that runs its jobs, in order, when the test says so and on the test's thread.
final class Lane: SerialExecutor, TaskExecutor, ExecutorPlacement {
  private let jobs = Mutex<[UnownedJob]>([])

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    self.jobs.withLock { $0.append(job) }
  }

  /// Runs until nothing is ready.
  func drain() {
    while let job = self.jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
      job.runSynchronously(
        isolatedTo: self.asUnownedSerialExecutor(), taskExecutor: self.asUnownedTaskExecutor())
    }
  }

  func serialExecutor(for home: Home) -> any SerialExecutor { self }

  func taskExecutor(for home: Home) -> (any TaskExecutor)? { self }

  var runtime: Runtime {
    Runtime(clock: StoppedClock(), placement: self, seeds: { 1 })
  }

  private struct StoppedClock: RuntimeClock {
    func now() -> Instant { Instant(monotonic: .zero, wall: WallTime(microseconds: 0)) }

    func sleep(until deadline: MonotonicTime) async throws {}
  }
}
