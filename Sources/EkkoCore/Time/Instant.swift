/// Time since boot in nanoseconds, running through suspend: for leases, timers and pruning.
@usableFromInline
package struct MonotonicTime: Hashable, Comparable, Sendable {
  @usableFromInline package let nanoseconds: Int64

  @inlinable
  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  package static let zero = MonotonicTime(nanoseconds: 0)

  /// Later than any other.
  @inlinable
  package static var never: MonotonicTime { MonotonicTime(nanoseconds: .max) }

  package func advanced(by duration: Duration) -> MonotonicTime {
    MonotonicTime(nanoseconds: self.nanoseconds + duration.wholeNanoseconds)
  }

  package func duration(to other: MonotonicTime) -> Duration {
    .nanoseconds(other.nanoseconds - self.nanoseconds)
  }

  @inlinable
  package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
    left.nanoseconds < right.nanoseconds
  }
}

/// Microseconds since 1970 as this machine believes them: for versions and expiry.
@usableFromInline
package struct WallTime: Hashable, Comparable, Sendable {
  @usableFromInline package let microseconds: UInt64

  package init(microseconds: UInt64) {
    precondition(microseconds < 1 << 52, "wall time out of range")
    self.microseconds = microseconds
  }

  /// Whole seconds since 1970, as rows store their creation time.
  package var seconds: UInt32 { UInt32(truncatingIfNeeded: self.microseconds / 1_000_000) }

  @inlinable
  package static func < (left: WallTime, right: WallTime) -> Bool {
    left.microseconds < right.microseconds
  }
}

/// One reading of a node's clock: both times, and how far the wall may be off.
package struct Instant: Hashable, Sendable {
  package let monotonic: MonotonicTime
  package let wall: WallTime
  package let wallUncertainty: Duration

  package init(monotonic: MonotonicTime, wall: WallTime, wallUncertainty: Duration = .zero) {
    self.monotonic = monotonic
    self.wall = wall
    self.wallUncertainty = wallUncertainty
  }
}

extension Duration {
  /// The duration in nanoseconds, truncated; durations beyond 292 years are clamped.
  package var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = self.components
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow else { return seconds < 0 ? .min : .max }
    return scaled + attoseconds / 1_000_000_000
  }

  /// The duration in seconds, for display and rates.
  package var inSeconds: Double { Double(self.wholeNanoseconds) / 1e9 }
}
