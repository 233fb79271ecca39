package import EkkoCore
internal import Glibc

/// The machine's clock: time since boot, which runs through suspend, and wall time.
package struct SystemClock: RuntimeClock {
  private let wallUncertainty: Duration

  /// - Parameter wallUncertainty: how far the operator's time service may be off.
  package init(wallUncertainty: Duration = .zero) { self.wallUncertainty = wallUncertainty }

  package func now() -> Instant {
    let wall = Self.read(CLOCK_REALTIME)
    return Instant(
      monotonic: Self.monotonicNow(),
      wall: WallTime(microseconds: UInt64(max(0, wall / 1000)) & ((1 << 52) - 1)),
      wallUncertainty: self.wallUncertainty)
  }

  package func sleep(until deadline: MonotonicTime) async throws {
    // The one place that may: `ContinuousClock` is the standard library's name for boot time.
    try await ContinuousClock().sleep(for: Self.monotonicNow().duration(to: deadline))
  }

  static func monotonicNow() -> MonotonicTime {
    MonotonicTime(nanoseconds: Self.read(CLOCK_BOOTTIME))
  }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    // SAFETY: the call fills a local; it cannot fail for these two clocks.
    _ = unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
