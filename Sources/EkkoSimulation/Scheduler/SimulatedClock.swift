package import EkkoCore

/// The clock of one simulated machine: two times that can run wrong, each in its own way.
// SAFETY (Sendable): touched on the simulation's thread only, see `Simulation`.
package final class SimulatedClock: RuntimeClock, @unchecked Sendable {
  /// One of the two times as a straight line over simulated time.
  private struct Line {
    var value: Double
    var since: Int64 = 0
    var rate = 1.0

    func value(at now: Int64) -> Int64 {
      Int64(self.value) + Int64(Double(now - self.since) * self.rate)
    }

    mutating func bend(at now: Int64, rate: Double, step: Int64 = 0) {
      self.value = Double(self.value(at: now) + step)
      self.since = now
      self.rate = rate
    }
  }

  /// The simulated world begins on 14 November 2023.
  private static let epochMicroseconds = 1_700_000_000_000_000.0
  private static let bootNanoseconds = 1_000_000_000_000.0

  private unowned let simulation: Simulation
  // SAFETY (of what is unchecked): these are numbers, and there is one thread.
  @safe @exclusivity(unchecked) private var monotonic = Line(value: SimulatedClock.bootNanoseconds)
  /// In nanoseconds beyond the epoch of the simulation.
  @safe @exclusivity(unchecked) private var wall = Line(value: 0)
  /// Whether the wall has ever been wrong.
  private(set) var wasWallWrong = false

  package init(of simulation: Simulation) { self.simulation = simulation }

  package func now() -> Instant {
    let now = self.simulation.now
    let wall = Self.epochMicroseconds + Double(self.wall.value(at: now) / 1000)
    return Instant(
      monotonic: MonotonicTime(nanoseconds: self.monotonic.value(at: now)),
      wall: WallTime(microseconds: UInt64(max(0, wall))))
  }

  package func sleep(until deadline: MonotonicTime) async throws {
    try await self.simulation.sleep(isolation: #isolation) { now in
      self.wait(until: deadline, at: now)
    }
  }

  /// How long until the monotonic time may have reached `deadline`; zero or less when it has.
  private func wait(until deadline: MonotonicTime, at now: Int64) -> Int64 {
    let left = deadline.nanoseconds - self.monotonic.value(at: now)
    guard left > 0 else { return 0 }
    // A time that stands still, or may do so before long, is looked at again.
    guard self.monotonic.rate > 0.01 else { return 50_000_000 }
    return max(1, Int64(Double(left) / self.monotonic.rate))
  }

  /// The wall jumps by `step`.
  package func stepWall(by step: Duration) {
    self.wasWallWrong = true
    self.wall.bend(
      at: self.simulation.now, rate: self.wall.rate, step: step.wholeNanoseconds)
  }

  /// The wall runs at `rate` from now on: 1 is right, 0 stands still.
  package func setWall(rate: Double) {
    self.wasWallWrong = true
    self.wall.bend(at: self.simulation.now, rate: rate)
  }

  /// The monotonic time runs at `rate`; it never goes back.
  package func setMonotonic(rate: Double) {
    self.monotonic.bend(at: self.simulation.now, rate: max(0, rate))
  }

  /// The wall is right again.
  package func correctWall() {
    self.wall = Line(value: Double(self.simulation.now), since: self.simulation.now)
  }
}

extension Simulation {
  /// Sleeps until `wait` says that nothing is left to wait for; asks again whenever the time it gave
  /// has passed. Throws `CancellationError` at the moment of cancellation.
  ///
  /// - Parameter isolation: the caller's; see `Wakeup.wait`.
  func sleep(
    isolation: isolated (any Actor)?, _ wait: @escaping (_ now: Int64) -> Int64
  ) async throws {
    let sleeper = Sleeper()
    try await withTaskCancellationHandler {
      _ = isolation
      try await withCheckedThrowingContinuation {
        (continuation: CheckedContinuation<Void, any Error>) in
        guard !Task.isCancelled else {
          return continuation.resume(throwing: CancellationError())
        }
        sleeper.continuation = continuation
        self.arm(sleeper, wait)
      }
    } onCancel: {
      guard let continuation = sleeper.take() else { return }
      if let ticket = sleeper.ticket { self.cancel(ticket) }
      continuation.resume(throwing: CancellationError())
    }
  }

  private func arm(_ sleeper: Sleeper, _ wait: @escaping (_ now: Int64) -> Int64) {
    sleeper.ticket = self.at(self.now + wait(self.now)) {
      guard wait(self.now) <= 0 else { return self.arm(sleeper, wait) }
      sleeper.take()?.resume()
    }
  }
}

// SAFETY (Sendable): touched on the simulation's thread only, where cancellation
// comes from as well.
private final class Sleeper: @unchecked Sendable {
  var continuation: CheckedContinuation<Void, any Error>?
  var ticket: TimerQueue.Ticket?

  func take() -> CheckedContinuation<Void, any Error>? {
    defer { self.continuation = nil }
    return self.continuation
  }
}
