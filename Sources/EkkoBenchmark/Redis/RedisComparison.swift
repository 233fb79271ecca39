/// Writes and lookups over sockets, of one node of ours and of a running Redis in turn: each waits
/// while the other is measured (DESIGN §13).
package struct RedisComparison: Sendable {
  package var keyCount = 1_000_000
  package var rowLength = 64
  package var rowsPerWrite = 4096
  package var keysPerLookup = 1000
  package var callsUnderWay = 8
  package var window = Duration.seconds(1)
  package var repeats = 5
  package var seed: UInt64 = 1
  private let address: RedisAddress

  private static let batchCount = 1024

  package init(with address: RedisAddress) { self.address = address }

  private var load: RedisLoad { RedisLoad(address: self.address) }
  private var shape: ReplicateShape {
    ReplicateShape(rowLength: self.rowLength, keyCount: self.keyCount)
  }

  /// Whether there is anything to compare with.
  package func check() async throws { try await self.load.check() }

  package func run(report: (Measurement) throws -> Void) async throws {
    let value = [UInt8](
      repeating: UInt8(ascii: "x"), count: self.rowLength * MemoryLayout<Float>.stride)
    try await self.load.fill(self.keyCount, value: value)
    do {
      try await withCluster(try await .processes(replicas: 0, shape: self.shape)) { cluster in
        try await self.measure(cluster, value, report)
      }
    } catch {
      // What is told is why it failed.
      try? await self.load.empty(self.keyCount)
      throw error
    }
    try await self.load.empty(self.keyCount)
  }

  private func measure(
    _ cluster: ReplicateCluster, _ value: [UInt8], _ report: (Measurement) throws -> Void
  ) async throws {
    let writes = WriteLoad(
      .unique, self.shape, rowsPerWrite: self.rowsPerWrite, writesUnderWay: self.callsUnderWay,
      seed: self.seed)
    let reads = ReadLoad(self.shape, keysPerRead: self.keysPerLookup, seed: self.seed)
    try await writes.fill(cluster, self.shape)
    for isRead in [false, true] {
      var ours = ReplicateFigures(
        isRead ? "lookup" : "overwrite",
        [
          .init("medium", "sockets"), .init("keys", self.keyCount),
          isRead
            ? .init("keys_per_lookup", self.keysPerLookup)
            : .init("rows_per_write", writes.rowsPerWrite),
        ])
      let commands = RedisBatch.Command.allCases.filter { $0.isRead == isRead }
      var theirs = commands.map { command in
        ReplicateFigures(
          command.rawValue,
          [
            .init("medium", "sockets"), .init("keys", self.keyCount),
            .init("keys_per_command", command.keysPerCommand),
            .init("pipeline", command.pipelineLength),
          ])
      }
      let batches = commands.map {
        RedisBatch.random(
          $0, count: Self.batchCount, keyCount: self.keyCount, value: value, seed: self.seed)
      }
      for _ in 0..<self.repeats {
        let window = try await self.window(
          of: isRead
            ? reads.start(
              from: cluster.writer, on: cluster.runtime, readsUnderWay: self.callsUnderWay)
            : writes.start(on: cluster), cluster)
        ours.add(window)
        for (place, batches) in batches.enumerated() {
          let tally = try await self.load.run(batches, for: self.window)
          theirs[place].add(tally)
          theirs[place].add(.throughputRatio, window.rowsPerSecond / tally.keysPerSecond)
          if let time = window.microsecondsPerRow {
            theirs[place].add(.processorRatio, tally.microsecondsPerKey / time)
          }
        }
      }
      for figures in [ours] + theirs { try figures.report(StoreExperiment.name, report) }
    }
  }

  private func window(
    of load: ClientLoad, _ cluster: ReplicateCluster
  ) async throws -> LoadWindow {
    try await ReplicateExperiment.holding(load) {
      try await Task.sleep(for: min(.milliseconds(500), self.window))
      return try await LoadWindow.measure(
        load, of: cluster.writer, server: cluster.primary, for: self.window)
    }
  }
}
