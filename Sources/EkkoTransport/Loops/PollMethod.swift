/// How a core loop learns which of its sockets are ready. Whoever uses the sockets sees no difference.
package enum PollMethod: String, CaseIterable, Sendable {
  #if os(Linux)
    /// The system's own way, which costs nothing for a socket where nothing happens.
    case epoll
  #endif
  /// `poll`, which every POSIX system has. Each wait costs time for each socket that is waited for.
  case portable

  package static var usual: PollMethod {
    #if os(Linux)
      .epoll
    #else
      .portable
    #endif
  }

  func makeWatch() throws(SystemError) -> any SocketWatch {
    switch self {
    #if os(Linux)
      case .epoll: try EpollWatch()
    #endif
    case .portable: try PortableWatch()
    }
  }
}
