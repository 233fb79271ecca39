internal import Glibc

extension TransportError {
  /// What a failed system call means for a channel.
  init(_ error: SystemError) {
    self =
      switch error.code {
      case ECONNREFUSED: .refused
      case ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN: .unreachable
      case ETIMEDOUT: .timedOut
      case EADDRINUSE: .addressInUse
      case EADDRNOTAVAIL: .addressUnavailable
      case EACCES, EPERM: .permissionDenied
      case EMFILE, ENFILE, ENOMEM, ENOBUFS: .resourcesExhausted
      case ECONNRESET, EPIPE, ECONNABORTED, ENOTCONN: .reset
      default: .system(error)
      }
  }
}
