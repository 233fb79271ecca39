internal import EkkoClient
internal import EkkoCore

/// What happened in a while under load, from one moment to another.
struct LoadWindow: Sendable {
  let rows: Int
  let seconds: Double
  /// Of the server's process, where it has one.
  let processorTime: Duration?
  /// Of this process, where the server has one of its own.
  let clientTime: Duration?
  /// Writes that were refused or not answered in time, and sent again or given up.
  let refusals: Int
  /// Of each call.
  let milliseconds: [Double]

  var rowsPerSecond: Double { Double(self.rows) / self.seconds }

  var microsecondsPerRow: Double? { self.perRow(self.processorTime) }
  var clientMicrosecondsPerRow: Double? { self.perRow(self.clientTime) }

  private func perRow(_ time: Duration?) -> Double? {
    self.rows == 0 ? nil : time.map { $0.inSeconds * 1e6 / Double(self.rows) }
  }

  /// Waits for `duration` and tells what `load` has done in it.
  static func measure(
    _ load: ClientLoad, of client: EkkoClient, server: ProcessID?, for duration: Duration
  ) async throws -> LoadWindow {
    let before = await Moment(load, client, server)
    try await Task.sleep(for: duration)
    let after = await Moment(load, client, server)
    guard (after.processorTime == nil) == (server == nil) else {
      throw ReplicateTrouble.processGone
    }
    if after.progress.rows == before.progress.rows, let why = after.progress.lastFailure {
      throw ReplicateTrouble.writeFailed(why)
    }
    return LoadWindow(
      rows: after.progress.rows - before.progress.rows,
      seconds: before.at.duration(to: after.at).inSeconds,
      processorTime: after.processorTime.map { $0 - (before.processorTime ?? .zero) },
      clientTime: server == nil ? nil : after.clientTime - before.clientTime,
      refusals: Int(after.repeated - before.repeated)
        + after.progress.failures - before.progress.failures,
      milliseconds: Array(after.progress.milliseconds[before.progress.milliseconds.count...]))
  }

  private struct Moment {
    let at: ContinuousClock.Instant
    let progress: ClientLoad.Progress
    let repeated: UInt64
    let processorTime: Duration?
    let clientTime: Duration

    init(_ load: ClientLoad, _ client: EkkoClient, _ server: ProcessID?) async {
      self.repeated = await client.repeatedAttempts
      self.at = .now
      self.processorTime = server.flatMap { ProcessorTime.of($0) }
      self.clientTime = ProcessorTime.ofProcess()
      self.progress = load.progress
    }
  }
}
