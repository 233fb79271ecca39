internal import EkkoCore

/// The sockets of one core loop: their registrations, deadlines and the wait for them.
///
/// A registration number is never reused: a late report for a socket that is gone finds nobody.
final class SocketPoll: Sendable {
  private let watch: any SocketWatch
  private let table = Guarded(Table())

  private struct Table {
    var handlers: [UInt64: Entry] = [:]
    var deadlines = Deadlines()
    /// Zero is nobody's.
    var lastRegistration: UInt64 = 0
  }

  /// Weak, so that a socket whose owner is dropped closes itself.
  private struct Entry {
    weak let handler: (any SocketHandler)?
  }

  init(_ method: PollMethod) throws(SystemError) { self.watch = try method.makeWatch() }

  /// Reports deadlines to `handler`, which has no socket, until `remove`.
  func add(timer handler: any SocketHandler) -> UInt64 {
    self.table.withLock { table in
      table.lastRegistration += 1
      table.handlers[table.lastRegistration] = Entry(handler: handler)
      return table.lastRegistration
    }
  }

  /// Reports to `handler` the readiness that is expected of `descriptor`, until `remove`.
  func add(_ descriptor: CInt, handler: any SocketHandler) throws(SystemError) -> UInt64 {
    let registration = self.add(timer: handler)
    do {
      try self.watch.add(descriptor, as: registration)
    } catch {
      self.remove(registration)
      throw error
    }
    return registration
  }

  /// Forgets a registration; its descriptor was closed, or is about to be.
  func remove(_ registration: UInt64) {
    self.table.withLock { table in
      table.handlers[registration] = nil
      table.deadlines.set(nil, for: registration)
    }
    self.watch.remove(registration)
  }

  /// To be told after each call on a socket that would have had to wait for `readiness`: at least one
  /// report of it follows. To tell more often does no harm.
  func expect(_ readiness: SocketReadiness, of registration: UInt64) {
    self.watch.expect(readiness, of: registration)
  }

  /// Reports `.deadline` once at `time`, or never if `nil`. The loop must be woken afterwards.
  func setDeadline(_ time: MonotonicTime?, for registration: UInt64) {
    self.table.withLock { $0.deadlines.set(time, for: registration) }
  }

  /// Ends a wait under way, or makes the next one return at once.
  func interrupt() { self.watch.interrupt() }

  /// Waits, if it may, until something is ready or due, and tells its owner.
  func deliver(mayWait: Bool) {
    let timeout = mayWait ? self.millisecondsToNextDeadline() : 0
    self.watch.wait(milliseconds: timeout) { registration, readiness in
      let handler = self.table.withLock { $0.handlers[registration]?.handler }
      handler?.socketBecameReady(readiness)
    }
    self.deliverDeadlines()
  }

  private func millisecondsToNextDeadline() -> CInt {
    guard let next = self.table.withLock({ $0.deadlines.earliest }) else { return -1 }
    let nanoseconds = SystemClock.monotonicNow().duration(to: next).wholeNanoseconds
    // Rounded up: to wake early would be to spin.
    return CInt(clamping: max(0, (nanoseconds + 999_999) / 1_000_000))
  }

  private func deliverDeadlines() {
    guard self.table.withLock({ $0.deadlines.earliest != nil }) else { return }
    let now = SystemClock.monotonicNow()
    let due = self.table.withLock { table in
      table.deadlines.takeDue(at: now).compactMap { table.handlers[$0]?.handler }
    }
    for handler in due { handler.socketBecameReady(.deadline) }
  }
}
