/// The part of a `SocketPoll` that asks the system, by one `PollMethod`.
///
/// Of one direction of a socket at least one report comes after each call of `expect` for it, as soon
/// as it is ready; others may come in between. While nothing is expected of a socket, what it is
/// ready for must not keep `wait` from waiting.
protocol SocketWatch: Sendable {
  /// From now on, something may be expected of `descriptor`.
  ///
  /// - Parameter registration: is not zero, and was never given before.
  func add(_ descriptor: CInt, as registration: UInt64) throws(SystemError)

  /// Nothing is expected of a registration any more, which may be that of a timer, or gone. The
  /// descriptor may have been closed just before; it must be soon after.
  func remove(_ registration: UInt64)

  /// The owner of a socket has met a call that would have had to wait for `readiness`.
  func expect(_ readiness: SocketReadiness, of registration: UInt64)

  /// Ends a wait under way, or makes the next one return at once.
  func interrupt()

  /// Waits at most so long, or without an end if that is negative, and reports what is ready, with no
  /// lock held. Only the loop's thread may wait.
  func wait(milliseconds: CInt, _ report: (UInt64, SocketReadiness) -> Void)
}
