internal import Dispatch
internal import EkkoCore
internal import Glibc

/// SIGTERM and SIGINT: the first asks the program to drain and leave with 0, a second one leaves at
/// once with 128 and the signal's number.
package final class Signals: Sendable {
  /// Held so that they go on.
  private let sources: Guarded<[any DispatchSourceSignal]>
  private let seen = Watched<Int, Never>(0)

  package init() {
    // A peer that goes away is an error of its socket, not a reason to die.
    _ = signal(SIGPIPE, SIG_IGN)
    let queue = DispatchQueue(label: "ekko.signals")
    let seen = self.seen
    var sources: [any DispatchSourceSignal] = []
    for number in [SIGTERM, SIGINT] {
      _ = signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      sources.append(source)
      source.setEventHandler {
        if seen.read({ $0 }) > 0 { exit(128 + number) }
        seen.change(nil) { $0 += 1 }
      }
      source.resume()
    }
    self.sources = Guarded(sources)
  }

  /// Returns at the first signal, or when the task is cancelled.
  package func wait() async {
    _ = await self.seen.wait(on: nil, until: MonotonicTime(nanoseconds: .max)) { $0 > 0 }
  }
}
