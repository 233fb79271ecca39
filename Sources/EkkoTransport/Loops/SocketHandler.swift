/// What a core loop reports about a registered socket.
package struct SocketReadiness: OptionSet, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static let readable = SocketReadiness(rawValue: 1)
  package static let writable = SocketReadiness(rawValue: 2)
  /// The time set with `CoreLoop.setDeadline` has come.
  package static let deadline = SocketReadiness(rawValue: 4)
  /// The socket is broken, or, where the system tells, the other side writes no more; comes with
  /// `readable`.
  package static let ended = SocketReadiness(rawValue: 8)
}

/// The owner of a socket, or of a timer, that is registered with a core loop.
///
/// Reports are edges: one comes when the socket *becomes* ready, so the owner must try until the
/// call would block, and tell the loop so (`SocketPoll.expect`), before it waits for the next one.
/// A report may be stale and then costs one vain attempt.
package protocol SocketHandler: AnyObject, Sendable {
  /// Called on the loop's thread, with no lock of the loop held.
  func socketBecameReady(_ readiness: SocketReadiness)
}
