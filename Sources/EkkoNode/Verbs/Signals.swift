internal import CEkko
internal import Dispatch
internal import EkkoCore
internal import Glibc

/// SIGTERM and SIGINT: the first asks the program to drain and leave with 0, a second one leaves at
/// once with 128 and the signal's number (DESIGN §12). One per process, made before anything that
/// would have to be ended in order.
package final class Signals: Sendable {
  private let seen = Watched<Bool, Never>(false)

  /// - Parameter endsWithInput: whether the end of standard input asks as well: whoever holds its
  ///   other side has gone.
  package init(endsWithInput: Bool = false) {
    let event = ekko_catch_signals()
    if event >= 0 { self.watch { while Self.read(event) == .nothing {} } }
    if endsWithInput { self.watch { while Self.read(STDIN_FILENO) != .end {} } }
  }

  /// A queue has a thread of its own while what it runs waits, and there are two at most.
  private func watch(_ waitForIt: @escaping @Sendable () -> Void) {
    let seen = self.seen
    DispatchQueue(label: "ekko.signals").async {
      waitForIt()
      seen.change(nil) { $0 = true }
    }
  }

  private enum Outcome {
    case bytes
    case end
    /// Look again.
    case nothing
  }

  /// Waits for what comes, whose bytes mean nothing.
  private static func read(_ descriptor: CInt) -> Outcome {
    unsafe withUnsafeTemporaryAllocation(byteCount: 512, alignment: 8) { buffer in
      // SAFETY: reads into the buffer, no more than fits.
      let count = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count > 0 { return .bytes }
      return count < 0 && errno == EINTR ? .nothing : .end
    }
  }

  /// Whether the program has been asked to leave.
  package var haveCome: Bool { self.seen.read { $0 } }

  /// Asks as a first signal would.
  package func ask() { self.seen.change(nil) { $0 = true } }

  /// Returns at the first signal, or when the task is cancelled.
  package func wait() async {
    _ = await self.seen.wait(on: nil, until: MonotonicTime(nanoseconds: .max)) { $0 }
  }
}
