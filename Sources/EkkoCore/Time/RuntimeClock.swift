/// Where actors read the time and wait for it. Nothing below `EkkoNode` reads another clock.
package protocol RuntimeClock: Sendable {
  func now() -> Instant

  /// Returns at or after `deadline`; throws `CancellationError` if the task is cancelled first.
  func sleep(until deadline: MonotonicTime) async throws
}

extension RuntimeClock {
  package func sleep(for duration: Duration) async throws {
    try await self.sleep(until: self.now().monotonic.advanced(by: duration))
  }
}
