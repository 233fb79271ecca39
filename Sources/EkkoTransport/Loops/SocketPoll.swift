internal import CEkko
internal import EkkoCore
internal import Glibc

/// The sockets of one core loop: their registrations, deadlines and the wait for them.
///
/// Registrations are edge-triggered and made once, so waiting for a socket costs no system call. A
/// registration number is never reused: a late report for a socket that is gone finds nobody.
final class SocketPoll: Sendable {
  private static let eventLimit = 64
  private static let interruption: UInt64 = 0

  private let pollDescriptor: Descriptor
  private let eventDescriptor: Descriptor
  private let table = Guarded(Table())

  private struct Table {
    var handlers: [UInt64: Entry] = [:]
    var deadlines: [UInt64: MonotonicTime] = [:]
    var lastRegistration = SocketPoll.interruption
  }

  /// Weak, so that a socket whose owner is dropped closes itself.
  private struct Entry {
    weak let handler: (any SocketHandler)?
  }

  init() throws(SystemError) {
    let poll = try SystemCall.epollCreate.perform { epoll_create1(CInt(EPOLL_CLOEXEC)) }
    self.pollDescriptor = Descriptor(poll)
    let event = try SystemCall.eventCreate.perform {
      eventfd(0, CInt(EFD_CLOEXEC) | CInt(EFD_NONBLOCK))
    }
    self.eventDescriptor = Descriptor(event)
    // Edge-triggered as well: each write is a new edge, so the count never needs to be read.
    try self.control(
      EPOLL_CTL_ADD, self.eventDescriptor.number, EPOLLIN.rawValue, Self.interruption)
  }

  /// Reports deadlines to `handler`, which has no socket, until `remove`.
  func add(timer handler: any SocketHandler) -> UInt64 {
    self.table.withLock { table in
      table.lastRegistration += 1
      table.handlers[table.lastRegistration] = Entry(handler: handler)
      return table.lastRegistration
    }
  }

  /// Reports every readiness of `descriptor` to `handler` until `remove`.
  func add(_ descriptor: CInt, handler: any SocketHandler) throws(SystemError) -> UInt64 {
    let registration = self.add(timer: handler)
    do {
      try self.control(
        EPOLL_CTL_ADD, descriptor,
        EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue, registration)
    } catch {
      self.remove(registration)
      throw error
    }
    return registration
  }

  /// Forgets a registration; the kernel does its part when the descriptor is closed.
  func remove(_ registration: UInt64) {
    self.table.withLock { table in
      table.handlers[registration] = nil
      table.deadlines[registration] = nil
    }
  }

  /// Reports `.deadline` once at `time`, or never if `nil`. The loop must be woken afterwards.
  func setDeadline(_ time: MonotonicTime?, for registration: UInt64) {
    self.table.withLock { $0.deadlines[registration] = time }
  }

  /// Ends a wait under way, or makes the next one return at once.
  func interrupt() {
    var one: UInt64 = 1
    do {
      _ = try SystemCall.eventWrite.perform {
        // SAFETY: eight bytes of a local are read during the call.
        unsafe write(self.eventDescriptor.number, &one, MemoryLayout<UInt64>.size)
      }
    } catch {
      preconditionFailure("cannot wake a core loop: \(error)")
    }
  }

  /// Waits, if it may, until something is ready or due, and tells its owner.
  func deliver(mayWait: Bool) {
    unsafe withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: Self.eventLimit) {
      events in
      let timeout = mayWait ? self.millisecondsToNextDeadline() : 0
      let count = unsafe self.wait(for: events, milliseconds: timeout)
      for index in 0..<count {
        // SAFETY: the kernel filled the first `count` events.
        let (registration, flags) = unsafe (events[index].data.u64, events[index].events)
        guard registration != Self.interruption else { continue }
        let handler = self.table.withLock { $0.handlers[registration]?.handler }
        handler?.socketBecameReady(Self.readiness(flags))
      }
    }
    self.deliverDeadlines()
  }

  private func wait(
    for events: UnsafeMutableBufferPointer<epoll_event>, milliseconds: CInt
  ) -> Int {
    do {
      let count = try SystemCall.epollWait.perform {
        // SAFETY: pointer and capacity come from one buffer.
        unsafe epoll_wait(
          self.pollDescriptor.number, events.baseAddress, CInt(events.count), milliseconds)
      }
      return Int(count ?? 0)
    } catch {
      preconditionFailure("a core loop cannot wait: \(error)")
    }
  }

  private func millisecondsToNextDeadline() -> CInt {
    guard let next = self.table.withLock({ $0.deadlines.values.min() }) else { return -1 }
    let nanoseconds = SystemClock.monotonicNow().duration(to: next).wholeNanoseconds
    // Rounded up: to wake early would be to spin.
    return CInt(clamping: max(0, (nanoseconds + 999_999) / 1_000_000))
  }

  private func deliverDeadlines() {
    guard self.table.withLock({ !$0.deadlines.isEmpty }) else { return }
    let now = SystemClock.monotonicNow()
    let due = self.table.withLock { table in
      let due = table.deadlines.filter { $0.value <= now }
        .sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
      for registration in due { table.deadlines[registration] = nil }
      return due.compactMap { table.handlers[$0]?.handler }
    }
    for handler in due { handler.socketBecameReady(.deadline) }
  }

  private static func readiness(_ flags: UInt32) -> SocketReadiness {
    var readiness: SocketReadiness = []
    let broken = EPOLLERR.rawValue | EPOLLHUP.rawValue
    // The next call on a broken socket says what is wrong with it.
    if flags & (EPOLLRDHUP.rawValue | broken) != 0 { readiness.formUnion([.readable, .ended]) }
    if flags & EPOLLIN.rawValue != 0 { readiness.insert(.readable) }
    if flags & (EPOLLOUT.rawValue | broken) != 0 { readiness.insert(.writable) }
    return readiness
  }

  private func control(
    _ operation: CInt, _ descriptor: CInt, _ flags: UInt32, _ registration: UInt64
  ) throws(SystemError) {
    // SAFETY: of the union only the number is ever read.
    var event = unsafe epoll_event(
      events: flags | EPOLLET.rawValue, data: epoll_data_t(u64: registration))
    _ = try SystemCall.epollControl.perform {
      // SAFETY: the kernel copies the event during the call.
      unsafe epoll_ctl(self.pollDescriptor.number, operation, descriptor, &event)
    }
  }
}

/// A descriptor that lives as long as its owner.
struct Descriptor: ~Copyable {
  let number: CInt

  init(_ number: CInt?) {
    guard let number else { preconditionFailure("a call that makes a descriptor does not wait") }
    self.number = number
  }

  deinit { _ = Glibc.close(self.number) }
}
