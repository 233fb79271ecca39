internal import EkkoCore

/// Nodes as processes, over the machine's loopback.
extension ReplicateExperiment {
  func measureSockets(_ report: Report) async throws {
    // What the solo primary takes, which other loads are parts of.
    var solo: [Workload: ReplicateFigures] = [:]
    var quarter: [Workload: ReplicateFigures] = [:]
    var withOne: Double?
    for workload in self.workloads {
      for replicas in self.replicaCounts {
        let figures = try await withCluster(
          try await .processes(replicas: replicas, shape: self.shape)
        ) { cluster in
          try await self.measure(
            cluster, workload, "sockets", replicas: replicas, soloMaximum: solo[workload],
            soloQuarter: quarter[workload], report)
        }
        if replicas == 0 { (solo[workload], quarter[workload]) = figures }
        if replicas == 1, workload == .unique { withOne = figures.0[.rowsPerSecond]?.median }
      }
    }
    if let withOne { try await self.measureLookups(halfOf: withOne, report) }
  }

  /// Measures a cluster at its maximum and at a quarter of what a primary without replicas takes.
  func measure(
    _ cluster: ReplicateCluster, _ workload: Workload, _ testCase: String, replicas: Int,
    soloMaximum: ReplicateFigures?, soloQuarter: ReplicateFigures?, _ report: Report
  ) async throws -> (ReplicateFigures, ReplicateFigures) {
    let writes = self.writes(workload)
    try await writes.fill(cluster, self.shape)
    var full = ReplicateFigures(
      testCase, self.settings(workload, replicas: replicas, loadPercent: 100))
    try await self.saturate(cluster, writes, &full)
    self.addGrowth(&full, replicas: replicas, over: soloMaximum)
    try full.report(Self.name, report)

    guard let maximum = (soloMaximum ?? full)[.rowsPerSecond]?.median else {
      preconditionFailure("a maximum without a rate")
    }
    var quarter = ReplicateFigures(
      testCase, self.settings(workload, replicas: replicas, loadPercent: 25))
    try await cluster.replicasCatchUp(rowCount: self.keyCount + 1)
    try await self.watchArrivals(cluster, writes, rowsPerSecond: maximum / 4, &quarter)
    self.addGrowth(&quarter, replicas: replicas, over: soloQuarter)
    try quarter.report(Self.name, report)
    return (full, quarter)
  }

  /// As many rows as the primary takes; over sockets beside what the loopback can carry.
  private func saturate(
    _ cluster: ReplicateCluster, _ writes: WriteLoad, _ figures: inout ReplicateFigures
  ) async throws {
    for _ in 0..<self.repeats {
      let stream = cluster.primary == nil ? nil : try await LoopbackStream().best()
      let load = writes.start(on: cluster)
      try await Self.holding(load) {
        try await Task.sleep(for: self.warmUp)
        let window = try await LoadWindow.measure(
          load, of: cluster.writer, server: cluster.primary, for: self.window)
        figures.add(window)
        guard let stream else { return }
        let payload = window.rowsPerSecond * Double(self.shape.payloadByteCount)
        figures.add(.fractionOfStream, payload / stream)
      }
    }
  }

  private func watchArrivals(
    _ cluster: ReplicateCluster, _ writes: WriteLoad, rowsPerSecond: Double,
    _ figures: inout ReplicateFigures
  ) async throws {
    for number in 0..<self.repeats {
      let load = writes.start(on: cluster, rowsPerSecond: rowsPerSecond)
      try await Self.holding(load) {
        try await Task.sleep(for: self.warmUp)
        let probe = cluster.readers.isEmpty ? nil : ArrivalProbe.start(cluster, key: number)
        let window: LoadWindow
        do {
          window = try await LoadWindow.measure(
            load, of: cluster.writer, server: cluster.primary, for: self.window)
        } catch {
          _ = await probe?.stop(patience: .zero)
          throw error
        }
        figures.add(window)
        if let probe { try figures.add(await probe.stop(patience: Self.arrivalPatience)) }
      }
    }
  }

  /// How much more of its processor an update takes of the primary for each replica.
  private func addGrowth(
    _ figures: inout ReplicateFigures, replicas: Int, over solo: ReplicateFigures?
  ) {
    guard replicas > 0, let alone = solo?[.processorTimePerUpdate]?.median,
      let time = figures[.processorTimePerUpdate]?.median
    else { return }
    figures.add(.processorGrowthPerReplica, (time / alone - 1) / Double(replicas))
  }

  /// What lookups at a replica take while it pulls, beside what they take while it has nothing to do.
  private func measureLookups(halfOf maximum: Double, _ report: Report) async throws {
    let reads = ReadLoad(self.shape, keysPerRead: self.keysPerLookup, seed: self.seed)
    let writes = self.writes(.unique)
    let echo = BareEcho(
      requestByteCount: self.keysPerLookup * 8,
      replyByteCount: self.keysPerLookup * self.shape.payloadByteCount)
    var figures = ReplicateFigures(
      "sockets",
      self.settings(.unique, replicas: 1, loadPercent: 50)
        + [.init("keys_per_lookup", self.keysPerLookup)])
    try await withCluster(try await .processes(replicas: 1, shape: self.shape)) { cluster in
      try await writes.fill(cluster, self.shape)
      for _ in 0..<self.repeats {
        try await cluster.replicasCatchUp(rowCount: self.keyCount + 1)
        let alone = try await (self.lookups(cluster, reads), echo.tail(for: self.window))
        let load = writes.start(on: cluster, rowsPerSecond: maximum / 2)
        let beside = try await Self.holding(load) {
          try await Task.sleep(for: self.warmUp)
          return try await (self.lookups(cluster, reads), echo.tail(for: self.window))
        }
        figures.add(.lookupTail, beside.0)
        figures.add(.lookupTailRatio, beside.0 / alone.0)
        figures.add(.echoTailRatio, beside.1 / alone.1)
      }
    }
    try figures.report(Self.name, report)
  }

  /// The 99th of a hundred lookups at the replica, one after the other, in milliseconds.
  private func lookups(_ cluster: ReplicateCluster, _ reads: ReadLoad) async throws -> Double {
    let reader = cluster.readers[0]
    let load = reads.start(from: reader, on: cluster.observingRuntime, readsUnderWay: 1)
    return try await Self.holding(load) {
      let window = try await LoadWindow.measure(
        load, of: reader, server: nil, for: self.window)
      return Samples(window.milliseconds).quantile(0.99)
    }
  }

  /// Stops `load` after `body`, whatever happens.
  static func holding<Value>(
    _ load: ClientLoad, _ body: () async throws -> Value
  ) async throws -> Value {
    let value: Value
    do { value = try await body() } catch {
      _ = await load.stop()
      throw error
    }
    _ = await load.stop()
    return value
  }

  /// The same in one process, where nothing but the store itself is in the way: with the fewest
  /// replicas and with the most.
  func measureMemory(_ report: Report) async throws {
    var solo: ReplicateFigures?
    for replicas in Set([self.replicaCounts.first, self.replicaCounts.last].compactMap(\.self))
      .sorted()
    {
      let figures = try await withCluster(
        try await .memory(replicas: replicas, shape: self.shape)
      ) { cluster in
        try await self.measure(
          cluster, .unique, "memory", replicas: replicas, soloMaximum: solo, soloQuarter: nil,
          report)
      }
      if replicas == 0 { solo = figures.0 }
    }
  }
}
