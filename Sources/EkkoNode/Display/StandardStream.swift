internal import CEkko
internal import Glibc

/// Standard output or standard error. Lines go out at once and whole; SIGPIPE is the program's matter.
package struct StandardStream: Sendable {
  /// Data.
  package static let output = StandardStream(descriptor: STDOUT_FILENO, name: "standard output")
  /// Talk.
  package static let error = StandardStream(descriptor: STDERR_FILENO, name: "standard error")

  private let descriptor: CInt
  private let name: String

  init(descriptor: CInt, name: String) {
    self.descriptor = descriptor
    self.name = name
  }

  /// Writes each line and its end.
  ///
  /// - Throws: a failure with exit code 74: nobody reads any more, or the disk is full.
  package func print(_ lines: [String]) throws(Failure) {
    guard !lines.isEmpty else { return }
    try self.write(lines.joined(separator: "\n") + "\n")
  }

  package func print(_ line: String) throws(Failure) { try self.print([line]) }

  package func write(_ text: String) throws(Failure) {
    let bytes = Array(text.utf8)
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { buffer in
        // SAFETY: reads the bytes of the buffer.
        unsafe Glibc.write(self.descriptor, buffer.baseAddress, buffer.count)
      }
      if count >= 0 {
        rest.removeFirst(count)
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN: self.waitUntilWritable()
      case let code: throw self.failure(code)
      }
    }
  }

  /// What goes out if a signal ends the process; nothing to take it back. One stream at a time.
  package func setLastWords(_ words: String) { unsafe ekko_set_last_words(self.descriptor, words) }

  /// Whether drawings can be made on it: a terminal that is not a dumb one.
  package var isDrawable: Bool {
    isatty(self.descriptor) == 1 && Self.variable("TERM") != "dumb"
  }

  /// Whether it wants decoration: https://no-color.org
  package static var isDecorationWanted: Bool { (Self.variable("NO_COLOR") ?? "").isEmpty }

  /// 80 × 24 if it does not say.
  package var size: PanelDrawing.Size {
    var size = winsize()
    // SAFETY: the call fills a local.
    let status = unsafe ioctl(self.descriptor, UInt(TIOCGWINSZ), &size)
    guard status == 0, size.ws_col > 0, size.ws_row > 0 else {
      return PanelDrawing.Size(columns: 80, rows: 24)
    }
    return PanelDrawing.Size(columns: Int(size.ws_col), rows: Int(size.ws_row))
  }

  private static func variable(_ name: String) -> String? {
    // SAFETY: a string that ends with zero, copied at once; nobody changes the environment.
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }

  /// A stream that somebody made non-blocking, such as a shell's.
  private func waitUntilWritable() {
    var request = pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0)
    // SAFETY: one request, which is a local.
    _ = unsafe poll(&request, 1, -1)
  }

  private func failure(_ code: CInt) -> Failure {
    let why =
      switch code {
      case EPIPE: "nobody reads it any more"
      case ENOSPC, EDQUOT, EFBIG: "the disk is full"
      default: "system error \(code)"
      }
    return Failure(
      what: "cannot write to \(self.name)", why: why, doThis: "Direct it elsewhere",
      exitCode: .fileTrouble)
  }
}
