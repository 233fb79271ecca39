internal import Glibc

/// A system call that failed for a reason outside this program.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
  package let code: CInt
  package let call: SystemCall

  package var description: String { "\(self.call.rawValue): error \(self.code)" }
}

/// The calls this target makes, for messages.
package enum SystemCall: String, Sendable {
  case accept, bind, connect, epollControl, epollCreate, epollWait, eventCreate, eventWrite
  case getOption, getName, listen, read, receive, send, setOption, shutdown, socket, threadCreate
  case open, poll, socketPair, status

  /// Makes the call, again if a signal interrupted it.
  ///
  /// - Returns: its result, or `nil` if it would have had to wait.
  func perform<Result: SignedInteger>(_ body: () -> Result) throws(SystemError) -> Result? {
    while true {
      let result = body()
      if result != -1 { return result }
      let code = errno
      switch code {
      case EINTR: continue
      case EAGAIN, EINPROGRESS: return nil
      case EBADF, EFAULT: preconditionFailure("\(self.rawValue) failed with error \(code): our bug")
      default: throw SystemError(code: code, call: self)
      }
    }
  }
}
