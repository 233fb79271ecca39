import Dispatch
import EkkoCore
import EkkoTransport

/// The machine's time with timers on a thread of their own, so that tests which keep every thread of
/// the shared pool busy do not hold up the nodes of this one.
struct SteadyClock: RuntimeClock {
  private let time = SystemClock()
  private let timers = DispatchQueue(label: "ekko-test-timers")

  func now() -> Instant { self.time.now() }

  func sleep(until deadline: MonotonicTime) async throws {
    let left = self.now().monotonic.duration(to: deadline)
    if left > .zero {
      let wakeup = Wakeup()
      self.timers.asyncAfter(deadline: .now() + left.inSeconds) { wakeup.signal() }
      await wakeup.wait()
    }
    try Task.checkCancellation()
  }
}
