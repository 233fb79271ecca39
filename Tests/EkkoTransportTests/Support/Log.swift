import Synchronization

/// What happened, in order.
final class Log: Sendable {
  private let state = Mutex<[Int]>([])

  var entries: [Int] { self.state.withLock { $0 } }

  func append(_ entry: Int) { self.state.withLock { $0.append(entry) } }
}
