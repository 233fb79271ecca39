/// What replicas cost a Redis: `SET` at its maximum and at a quarter of it, with as many replicas as
/// ours have. The replicas are started here and follow the one at the address.
struct RedisReplication {
  private let experiment: ReplicateExperiment
  private let primary: RedisAddress

  private static let batchCount = 2048

  init(_ experiment: ReplicateExperiment, primary: RedisAddress) {
    self.experiment = experiment
    self.primary = primary
  }

  private var load: RedisLoad { RedisLoad(address: self.primary) }

  func run(_ report: ReplicateExperiment.Report) async throws {
    let value = [UInt8](
      repeating: UInt8(ascii: "x"), count: self.experiment.rowLength * MemoryLayout<Float>.stride)
    let batches = RedisBatch.random(
      .set, count: Self.batchCount, keyCount: self.experiment.keyCount, value: value,
      seed: self.experiment.seed)
    try await self.load.fill(self.experiment.keyCount, value: value)
    do { try await self.measure(batches, report) } catch {
      // What is told is why it failed.
      try? await self.load.empty(self.experiment.keyCount)
      throw error
    }
    try await self.load.empty(self.experiment.keyCount)
  }

  private func measure(_ batches: [RedisBatch], _ report: ReplicateExperiment.Report) async throws {
    var maximum: Double?
    for replicas in self.experiment.replicaCounts {
      let children = ChildPrograms()
      do {
        let full = try await self.measure(
          batches, replicas: replicas, children, soloMaximum: maximum, report)
        if replicas == 0 { maximum = full }
      } catch {
        await children.stopAll()
        throw error
      }
      await children.stopAll()
    }
  }

  /// - Returns: keys a second at the maximum.
  private func measure(
    _ batches: [RedisBatch], replicas count: Int, _ children: ChildPrograms, soloMaximum: Double?,
    _ report: ReplicateExperiment.Report
  ) async throws -> Double {
    var replicas: [RedisAddress] = []
    for _ in 0..<count {
      let replica = try await RedisProcess.start(children, replicaOf: self.primary)
      replicas.append(replica.address)
    }
    var full = self.figures(replicas: count, loadPercent: 100)
    for _ in 0..<self.experiment.repeats {
      full.add(try await self.load.run(batches, for: self.experiment.window))
    }
    try full.report(ReplicateExperiment.name, report)
    guard let maximum = soloMaximum ?? full[.rowsPerSecond]?.median else {
      preconditionFailure("a maximum without a rate")
    }
    var quarter = self.figures(replicas: count, loadPercent: 25)
    for _ in 0..<self.experiment.repeats {
      let probe =
        replicas.isEmpty
        ? nil : RedisArrivalProbe.start(primary: self.primary, replicas: replicas)
      let tally: RedisLoad.Tally
      do {
        tally = try await self.load.run(
          batches, for: self.experiment.window, keysPerSecond: maximum / 4)
      } catch {
        _ = try? await probe?.stop(patience: .zero)
        throw error
      }
      quarter.add(tally)
      if let probe {
        try quarter.add(
          try await probe.stop(patience: ReplicateExperiment.arrivalPatience))
      }
    }
    try quarter.report(ReplicateExperiment.name, report)
    return maximum
  }

  private func figures(replicas: Int, loadPercent: Int) -> ReplicateFigures {
    ReplicateFigures(
      RedisBatch.Command.set.rawValue,
      [
        .init("workload", "random"), .init("replicas", replicas), .init("load", loadPercent),
        .init("keys", self.experiment.keyCount),
        .init("pipeline", RedisBatch.Command.set.pipelineLength),
      ])
  }
}

extension ReplicateFigures {
  mutating func add(_ tally: RedisLoad.Tally) {
    self.add(.rowsPerSecond, tally.keysPerSecond)
    self.add(.processorTimePerUpdate, tally.microsecondsPerKey)
  }
}
