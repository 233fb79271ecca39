import Glibc
import Testing

@testable import EkkoTransport

/// What each method promises to a core loop.
@Suite(.timeLimit(.minutes(1))) struct SocketWatchTests {
  /// Two sockets that are connected to each other.
  private final class SocketPair {
    let near: CInt
    private(set) var far: CInt

    init() throws {
      var pair: [CInt] = [-1, -1]
      let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
      try #require(socketpair(AF_UNIX, type, 0, &pair) == 0)
      (self.near, self.far) = (pair[0], pair[1])
    }

    deinit {
      close(self.near)
      self.closeFar()
    }

    func closeFar() {
      if self.far >= 0 { close(self.far) }
      self.far = -1
    }

    /// Until the call would wait.
    static func fill(_ socket: CInt) {
      let bytes = [UInt8](repeating: 1, count: 4096)
      while send(socket, bytes, bytes.count, CInt(MSG_NOSIGNAL)) > 0 {}
    }

    /// Until the call would wait.
    static func empty(_ socket: CInt) {
      var bytes = [UInt8](repeating: 0, count: 4096)
      while recv(socket, &bytes, bytes.count, 0) > 0 {}
    }
  }

  private struct Report: Equatable {
    let registration: UInt64
    let readiness: SocketReadiness
  }

  private static func reports(_ watch: any SocketWatch, milliseconds: CInt) -> [Report] {
    var reports: [Report] = []
    watch.wait(milliseconds: milliseconds) {
      reports.append(Report(registration: $0, readiness: $1))
    }
    return reports
  }

  private static let forever: CInt = -1

  @Test(arguments: PollMethod.allCases)
  func `what is ready and left lying keeps nobody awake`(method: PollMethod) throws {
    let watch = try method.makeWatch()
    let sockets = try SocketPair()
    try watch.add(sockets.near, as: 7)
    watch.expect([.readable, .writable], of: 7)
    #expect(send(sockets.far, "a", 1, 0) == 1)

    let reports = Self.reports(watch, milliseconds: 0)

    #expect(reports == [Report(registration: 7, readiness: [.readable, .writable])])
    #expect(Self.reports(watch, milliseconds: 0) == [])
    #expect(Self.reports(watch, milliseconds: 0) == [])
  }

  @Test(arguments: PollMethod.allCases, [false, true])
  func `each expectation is met, also by what came before it`(
    method: PollMethod, isLate: Bool
  ) throws {
    let watch = try method.makeWatch()
    let sockets = try SocketPair()
    try watch.add(sockets.near, as: 7)
    for _ in 0..<10 {
      SocketPair.empty(sockets.near)
      if !isLate { watch.expect(.readable, of: 7) }
      #expect(send(sockets.far, "a", 1, 0) == 1)
      if isLate { watch.expect(.readable, of: 7) }

      let reports = Self.reports(watch, milliseconds: 0)

      #expect(reports.map(\.registration) == [7])
      #expect(reports.allSatisfy { $0.readiness.contains(.readable) })
    }
  }

  @Test(arguments: PollMethod.allCases)
  func `room that comes is reported`(method: PollMethod) throws {
    let watch = try method.makeWatch()
    let sockets = try SocketPair()
    try watch.add(sockets.near, as: 7)
    for _ in 0..<3 {
      SocketPair.fill(sockets.near)
      watch.expect(.writable, of: 7)
      #expect(Self.reports(watch, milliseconds: 0) == [])

      SocketPair.empty(sockets.far)

      let reports = Self.reports(watch, milliseconds: 0)
      #expect(reports == [Report(registration: 7, readiness: .writable)])
    }
  }

  @Test(arguments: PollMethod.allCases)
  func `what is broken is ready for everything, once`(method: PollMethod) throws {
    let watch = try method.makeWatch()
    let sockets = try SocketPair()
    try watch.add(sockets.near, as: 7)
    watch.expect(.readable, of: 7)

    sockets.closeFar()

    let reports = Self.reports(watch, milliseconds: 0)
    #expect(reports == [Report(registration: 7, readiness: [.readable, .writable, .ended])])
    #expect(Self.reports(watch, milliseconds: 0) == [])
  }

  @Test(arguments: PollMethod.allCases)
  func `any number of interruptions ends a wait`(method: PollMethod) throws {
    let watch = try method.makeWatch()
    for count in [1, 10_000] {
      for _ in 0..<count { watch.interrupt() }
      #expect(Self.reports(watch, milliseconds: Self.forever) == [])
    }
  }

  @Test func `a socket that was waited for and is removed is let go of at once`() throws {
    let watch = try PollMethod.portable.makeWatch()
    let sockets = try SocketPair()
    try watch.add(sockets.near, as: 7)
    watch.expect(.readable, of: 7)
    #expect(send(sockets.far, "a", 1, 0) == 1)

    watch.remove(7)

    // The wait that could be under way ends.
    #expect(Self.reports(watch, milliseconds: Self.forever) == [])
    // What its owner still says of it is late.
    watch.expect(.readable, of: 7)
    #expect(Self.reports(watch, milliseconds: 0) == [])
  }
}
