import EkkoNode
import EkkoTransport
import Testing

@testable import EkkoBenchmark

@Suite(.serialized, .timeLimit(.minutes(5))) struct ReplicateExperimentTests {
  private static var small: ReplicateExperiment {
    var experiment = ReplicateExperiment()
    experiment.keyCount = 1000
    experiment.rowLength = 4
    experiment.shardCount = 3
    experiment.rowsPerWrite = 100
    experiment.writesUnderWay = 2
    experiment.window = .milliseconds(200)
    experiment.repeats = 1
    return experiment
  }

  @Test(arguments: Workload.allCases)
  func `a primary and a replica over sockets are measured whole`(_ workload: Workload) async throws
  {
    let experiment = Self.small
    var lines: [Measurement] = []

    let cluster = try await ReplicateCluster.inProcess(replicas: 1, shape: experiment.shape) {
      SocketTransport(loops: $0)
    }
    try await withCluster(cluster) { cluster in
      _ = try await experiment.measure(
        cluster, workload, "sockets", replicas: 1, soloMaximum: nil, soloQuarter: nil
      ) { lines.append($0) }
    }

    let full = lines.filter { $0.configuration.contains(.init("load", 100)) }
    let quarter = lines.filter { $0.configuration.contains(.init("load", 25)) }
    #expect(full.map(\.metric) == [.rowsPerSecond, .callsRefused])
    #expect(
      quarter.map(\.metric) == [.rowsPerSecond, .callsRefused, .visibleMedian, .visibleTail])
    #expect(lines.filter { $0.metric == .callsRefused }.allSatisfy { $0.samples.high == 0 })
    // Nothing is free, and nothing that was written can take longer than was waited for it.
    for line in lines where line.metric != .callsRefused {
      #expect(line.samples.low > 0 && line.samples.high < 1e8)
    }
  }

  @Test func `memory is measured without and with replicas`() async throws {
    var experiment = Self.small
    experiment.replicaCounts = [0, 2]
    var lines: [Measurement] = []

    try await experiment.measureMemory { lines.append($0) }

    #expect(Set(lines.map(\.testCase)) == ["memory"])
    #expect(lines.filter { $0.metric == .rowsPerSecond }.count == 4)
    #expect(lines.filter { $0.metric == .visibleTail }.count == 1)
  }

  @Test func `a rate is kept`() async throws {
    let experiment = Self.small
    let cluster = try await ReplicateCluster.memory(replicas: 0, shape: experiment.shape)

    let start = ContinuousClock.now
    let progress = try await withCluster(cluster) { cluster in
      let load = experiment.writes(.unique).start(on: cluster, rowsPerSecond: 2000)
      try await Task.sleep(for: .milliseconds(300))
      return await load.stop()
    }

    // A machine that is busy makes it less; calls that had begun may come on top.
    let seconds = start.duration(to: .now) / .seconds(1)
    #expect(progress.rows > 0 && Double(progress.rows) <= 2000 * seconds + 300)
    #expect(progress.milliseconds.count == progress.calls && progress.failures == 0)
  }

  @Test func `a load whose calls all fail is no measurement`() async throws {
    let experiment = Self.small
    let cluster = try await ReplicateCluster.memory(replicas: 0, shape: experiment.shape)

    await #expect(throws: ReplicateTrouble.self) {
      try await withCluster(cluster) { cluster in
        // Nothing was written yet.
        let reads = ReadLoad(experiment.shape, keysPerRead: 10, seed: 1)
        let load = reads.start(from: cluster.writer, on: cluster.runtime, readsUnderWay: 1)
        _ = try await ReplicateExperiment.holding(load) {
          try await Task.sleep(for: .milliseconds(20))
          return try await LoadWindow.measure(
            load, of: cluster.writer, server: nil, for: .milliseconds(50))
        }
      }
    }
  }
}
