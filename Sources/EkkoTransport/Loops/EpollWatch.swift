#if os(Linux)
  internal import CEkko
  internal import Glibc

  /// Watches sockets with Linux' `epoll`.
  ///
  /// Registrations are edge-triggered and made once, so that to expect something of a socket costs no
  /// system call: whoever met a call that would have had to wait gets the next edge.
  final class EpollWatch: SocketWatch {
    private static let eventLimit = 64
    private static let interruption: UInt64 = 0

    private let pollDescriptor: Descriptor
    private let eventDescriptor: Descriptor

    init() throws(SystemError) {
      let poll = try SystemCall.epollCreate.perform { epoll_create1(CInt(EPOLL_CLOEXEC)) }
      self.pollDescriptor = Descriptor(poll)
      let event = try SystemCall.eventCreate.perform {
        eventfd(0, CInt(EFD_CLOEXEC) | CInt(EFD_NONBLOCK))
      }
      self.eventDescriptor = Descriptor(event)
      // Edge-triggered as well: each write is a new edge, so the count never needs to be read.
      try self.add(self.eventDescriptor.number, EPOLLIN.rawValue, Self.interruption)
    }

    func add(_ descriptor: CInt, as registration: UInt64) throws(SystemError) {
      try self.add(
        descriptor, EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue, registration)
    }

    /// The kernel does its part when the descriptor is closed.
    func remove(_ registration: UInt64) {}

    func expect(_ readiness: SocketReadiness, of registration: UInt64) {}

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

    func wait(milliseconds: CInt, _ report: (UInt64, SocketReadiness) -> Void) {
      unsafe withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: Self.eventLimit) {
        events in
        let count = unsafe self.wait(for: events, milliseconds: milliseconds)
        for index in 0..<count {
          // SAFETY: the kernel filled the first `count` events.
          let (registration, flags) = unsafe (events[index].data.u64, events[index].events)
          guard registration != Self.interruption else { continue }
          report(registration, Self.readiness(flags))
        }
      }
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

    private static func readiness(_ flags: UInt32) -> SocketReadiness {
      var readiness: SocketReadiness = []
      let broken = EPOLLERR.rawValue | EPOLLHUP.rawValue
      // The next call on a broken socket says what is wrong with it.
      if flags & (EPOLLRDHUP.rawValue | broken) != 0 { readiness.formUnion([.readable, .ended]) }
      if flags & EPOLLIN.rawValue != 0 { readiness.insert(.readable) }
      if flags & (EPOLLOUT.rawValue | broken) != 0 { readiness.insert(.writable) }
      return readiness
    }

    private func add(
      _ descriptor: CInt, _ flags: UInt32, _ registration: UInt64
    ) throws(SystemError) {
      // SAFETY: of the union only the number is ever read.
      var event = unsafe epoll_event(
        events: flags | EPOLLET.rawValue, data: epoll_data_t(u64: registration))
      _ = try SystemCall.epollControl.perform {
        // SAFETY: the kernel copies the event during the call.
        unsafe epoll_ctl(self.pollDescriptor.number, EPOLL_CTL_ADD, descriptor, &event)
      }
    }
  }
#endif
