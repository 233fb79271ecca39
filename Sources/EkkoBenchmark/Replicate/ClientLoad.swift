internal import EkkoCore

/// Calls of a client, several under way at a time, one after the other or at a rate.
final class ClientLoad: Sendable {
  private let state = Guarded(State())
  private let runtime: Runtime
  private let tasks = Guarded<[Task<Void, Never>]>([])

  private struct State {
    var begun = 0
    var progress = Progress()
    var isOver = false
  }

  /// What a load has come to so far.
  struct Progress: Sendable {
    var calls = 0
    var rows = 0
    var failures = 0
    var lastFailure: String?
    /// Of each call that was answered.
    var milliseconds: [Double] = []
  }

  /// - Parameters:
  ///   - rowsPerSecond: calls begin at this rate, and late ones at once; `nil` for as many as are
  ///     answered.
  ///   - call: is given the number of the call, counted from zero.
  static func start(
    on runtime: Runtime, callsUnderWay: Int, rowsPerCall: Int, rowsPerSecond: Double? = nil,
    _ call: @escaping @Sendable (Int) async throws -> Void
  ) -> ClientLoad {
    let load = ClientLoad(runtime)
    let origin = runtime.clock.now().monotonic
    let interval = rowsPerSecond.map { Duration.seconds(Double(rowsPerCall) / $0) }
    load.tasks.withLock { tasks in
      tasks = (0..<callsUnderWay).map { _ in
        runtime.spawn(on: Home(index: 0)) {
          await load.run(from: origin, interval, rowsPerCall, call)
        }
      }
    }
    return load
  }

  private init(_ runtime: Runtime) { self.runtime = runtime }

  var progress: Progress { self.state.withLock(\.progress) }

  /// Begins no more calls, and waits for those under way.
  func stop() async -> Progress {
    self.state.withLock { $0.isOver = true }
    for task in self.tasks.withLock(\.self) { await task.value }
    return self.progress
  }

  private func run(
    from origin: MonotonicTime, _ interval: Duration?, _ rowsPerCall: Int,
    _ call: @Sendable (Int) async throws -> Void
  ) async {
    while let number = self.begin() {
      if let interval {
        let wait = self.runtime.clock.now().monotonic.duration(
          to: origin.advanced(by: interval * number))
        // The task is not cancelled.
        if wait > .zero { try? await self.runtime.clock.sleep(for: wait) }
      }
      let start = self.runtime.clock.now().monotonic
      do {
        try await call(number)
        let time = start.duration(to: self.runtime.clock.now().monotonic)
        self.state.withLock {
          $0.progress.calls += 1
          $0.progress.rows += rowsPerCall
          $0.progress.milliseconds.append(time.inSeconds * 1000)
        }
      } catch {
        let why = "\(error)"
        self.state.withLock {
          $0.progress.failures += 1
          $0.progress.lastFailure = why
        }
      }
    }
  }

  private func begin() -> Int? {
    self.state.withLock { state -> Int? in
      guard !state.isOver else { return nil }
      state.begun += 1
      return state.begun - 1
    }
  }
}
