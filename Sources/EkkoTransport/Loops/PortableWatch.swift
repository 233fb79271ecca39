internal import EkkoCore
internal import Glibc

/// Watches sockets with `poll`, for systems that have nothing better.
///
/// A socket is looked at only for what is expected of it, and a report ends the expectation: so what
/// is ready and left lying is reported once, as an edge would be, although `poll` knows no edges.
/// Nothing gets lost on the way, for readiness that came before the expectation is seen as well.
///
/// A socket that another thread closes while it is waited for is open until the loop has woken up: its
/// address may be taken a moment longer than with other methods.
final class PortableWatch: SocketWatch {
  private static let interruptionByteCount = 64

  /// A pair of sockets: what is written to one ends a wait that reads from the other.
  private let receiver: Descriptor
  private let sender: Descriptor
  private let table = Guarded(Table())

  private struct Table {
    var descriptors: [UInt64: CInt] = [:]
    /// Never empty sets.
    var expected: [UInt64: SocketReadiness] = [:]
    /// Those expected when the wait began are waited for: for others it must begin anew.
    var isWaiting = false
  }

  init() throws(SystemError) {
    var pair: (CInt, CInt) = (-1, -1)
    let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
    _ = try SystemCall.socketPair.perform {
      unsafe withUnsafeMutableBytes(of: &pair) { pair in
        // SAFETY: two descriptors are written to a local that is as large.
        unsafe socketpair(
          AF_UNIX, type | CInt(SOCK_CLOEXEC.rawValue), 0,
          pair.baseAddress?.assumingMemoryBound(to: CInt.self))
      }
    }
    self.receiver = Descriptor(pair.0)
    self.sender = Descriptor(pair.1)
  }

  func add(_ descriptor: CInt, as registration: UInt64) {
    self.table.withLock { $0.descriptors[registration] = descriptor }
  }

  func remove(_ registration: UInt64) {
    let wasExpected = self.table.withLock { table in
      table.descriptors[registration] = nil
      return table.expected.removeValue(forKey: registration) != nil
    }
    // As long as a wait for it goes on, the system keeps a socket open that was closed.
    if wasExpected { self.interrupt() }
  }

  func expect(_ readiness: SocketReadiness, of registration: UInt64) {
    let mustInterrupt = self.table.withLock { table in
      guard table.descriptors[registration] != nil else { return false }
      let before = table.expected[registration, default: []]
      table.expected[registration] = before.union(readiness)
      return table.isWaiting && !before.isSuperset(of: readiness)
    }
    if mustInterrupt { self.interrupt() }
  }

  func interrupt() {
    var byte: UInt8 = 1
    do {
      // If there is no room, then there is enough to end a wait.
      _ = try SystemCall.send.perform {
        // SAFETY: one byte of a local is read during the call.
        unsafe send(self.sender.number, &byte, 1, CInt(MSG_NOSIGNAL))
      }
    } catch {
      preconditionFailure("cannot wake a core loop: \(error)")
    }
  }

  func wait(milliseconds: CInt, _ report: (UInt64, SocketReadiness) -> Void) {
    var (registrations, sockets) = self.beginWait()
    do {
      _ = try SystemCall.poll.perform {
        unsafe sockets.withUnsafeMutableBufferPointer { sockets in
          // SAFETY: pointer and count come from one buffer.
          unsafe poll(sockets.baseAddress, nfds_t(sockets.count), milliseconds)
        }
      }
    } catch {
      preconditionFailure("a core loop cannot wait: \(error)")
    }
    // The first is that of the interruptions.
    if sockets.removeFirst().revents != 0 { self.takeInterruptions() }
    let reports = zip(registrations, sockets).compactMap { registration, socket in
      socket.revents == 0 ? nil : (registration, Self.readiness(CInt(socket.revents)))
    }
    self.endWait(reports)
    for (registration, readiness) in reports { report(registration, readiness) }
  }

  private func beginWait() -> ([UInt64], [pollfd]) {
    let receiver = self.receiver.number
    return self.table.withLock { table in
      table.isWaiting = true
      var registrations: [UInt64] = []
      var sockets = [pollfd(fd: receiver, events: Int16(POLLIN), revents: 0)]
      registrations.reserveCapacity(table.expected.count)
      sockets.reserveCapacity(table.expected.count + 1)
      for (registration, readiness) in table.expected {
        guard let descriptor = table.descriptors[registration] else { continue }
        registrations.append(registration)
        let events =
          (readiness.contains(.readable) ? POLLIN : 0)
          | (readiness.contains(.writable) ? POLLOUT : 0)
        sockets.append(pollfd(fd: descriptor, events: Int16(events), revents: 0))
      }
      return (registrations, sockets)
    }
  }

  /// What is reported is not expected any more. Who met another call that would have had to wait
  /// meanwhile gets this report, tries again and says so again.
  private func endWait(_ reports: [(UInt64, SocketReadiness)]) {
    self.table.withLock { table in
      table.isWaiting = false
      for (registration, readiness) in reports {
        let left = table.expected[registration, default: []].subtracting(readiness)
        table.expected[registration] = left.isEmpty ? nil : left
      }
    }
  }

  private func takeInterruptions() {
    do {
      _ = try SystemCall.receive.perform {
        unsafe withUnsafeTemporaryAllocation(
          byteCount: Self.interruptionByteCount, alignment: 1
        ) { bytes in
          // SAFETY: pointer and count come from one buffer. What is left ends the next wait.
          unsafe recv(self.receiver.number, bytes.baseAddress, bytes.count, 0)
        }
      }
    } catch {
      preconditionFailure("cannot wake a core loop: \(error)")
    }
  }

  private static func readiness(_ flags: CInt) -> SocketReadiness {
    var readiness: SocketReadiness = []
    // The next call on a broken socket says what is wrong with it. One that is closed is about to be
    // removed; its owner knows.
    let broken = POLLERR | POLLHUP | POLLNVAL
    if flags & broken != 0 { readiness.formUnion([.readable, .writable, .ended]) }
    if flags & POLLIN != 0 { readiness.insert(.readable) }
    if flags & POLLOUT != 0 { readiness.insert(.writable) }
    return readiness
  }
}
