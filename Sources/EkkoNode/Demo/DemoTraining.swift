internal import EkkoClient
internal import EkkoCore
internal import EkkoRecommender
internal import EkkoReplication
internal import EkkoStorage
internal import EkkoTransport

/// Trains one click log on a cluster and measures: each batch is scored by every data centre from its
/// own replica, then pushed (a rule of measurement, of the demo only). Neither waits for
/// synchronisation.
struct DemoTraining {
  private let settings: DemoSettings
  private let cluster: DemoCluster
  private let client: EkkoClient
  private let runtime: Runtime
  private let model: any RankingModel
  private let parameters: ClientParameters
  private var trainer: Trainer
  private var servers: [[InferenceServer]]
  private var probes: [[VisibilityProbe]]
  private var scores: [ProgressiveScores]
  private var baseline = FollowTheRegularisedLeader()
  private var baselineScores = ProgressiveScores()
  private(set) var record: ModelRecord?
  /// The latest version of each key that was acknowledged.
  private let ledger: Ledger
  private(set) var source: DemoSource
  private var batches = 0
  private var trainSeconds = 0.0

  init(
    _ settings: DemoSettings, cluster: DemoCluster, source: DemoSource, runtime: Runtime
  ) {
    self.settings = settings
    self.cluster = cluster
    self.source = source
    self.runtime = runtime
    self.model = settings.modelKind.model(layout: source.layout, seed: settings.seed)
    self.client = EkkoClient(
      endpoints: cluster.trainingEndpoints, transport: cluster.transport, runtime: runtime,
      timeout: .seconds(30))
    self.parameters = ClientParameters(
      client: self.client, model: DemoCluster.model, runtime: runtime, home: Home(index: 0))
    self.trainer = Trainer(model: self.model, parameters: self.parameters)
    let model = self.model
    // The training data centre's scores are those the trainer computes.
    self.servers = cluster.dataCentres.enumerated().map { number, dataCentre in
      number == 0
        ? []
        : dataCentre.replicas.enumerated().map { place, replica in
          InferenceServer(
            model: model, parameters: replica.parameters, runtime: runtime,
            home: Home(index: number + place))
        }
    }
    self.probes = cluster.dataCentres.map { dataCentre in
      dataCentre.replicas.enumerated().map { place, replica in
        VisibilityProbe(replica: replica, runtime: runtime, home: Home(index: place))
      }
    }
    self.scores = cluster.dataCentres.map { _ in ProgressiveScores() }
    self.ledger = Ledger(
      probes: self.probes.flatMap(\.self), seed: settings.seed, runtime: runtime)
  }

  /// Waits until every node takes part, and creates the model there.
  mutating func prepare() async throws {
    let nodeCount = self.cluster.dataCentres.reduce(0) { $0 + $1.replicas.count }
    let deadline = self.runtime.clock.now().monotonic.advanced(by: .seconds(30))
    repeat {
      try await self.runtime.clock.sleep(for: .milliseconds(10))
      try await self.client.refresh()
      guard self.runtime.clock.now().monotonic < deadline else {
        throw EkkoError.unreachable("not all of the demo's nodes have joined within 30 s")
      }
    } while await self.client.catalogue.members.count < nodeCount
    try await self.client.createModel(
      DemoCluster.model, shards: self.settings.shardCount, tables: self.model.tables)
    self.record = await self.client.catalogue.models.first { $0.name == DemoCluster.model }
    for dataCentre in self.cluster.dataCentres {
      for replica in dataCentre.replicas {
        while await replica.status()?.models.isEmpty != false {
          try await self.runtime.clock.sleep(for: .milliseconds(10))
        }
      }
    }
  }

  /// Trains to the end of the source or for the time set, and then waits for the last samples.
  mutating func run(progress: @Sendable (DemoProgress) -> Void) async throws {
    var copy = self
    let servers = self.servers.flatMap(\.self)
    let probes = self.probes.flatMap(\.self)
    let runtime = self.runtime
    let serving = servers.enumerated().map { number, server in
      runtime.spawn(on: Home(index: number + 1)) { await server.run() }
    }
    let probing = probes.map { probe in
      runtime.spawn(on: Home(index: 0)) { await probe.run() }
    }
    let result: Result<DemoTraining, any Error>
    do {
      try await copy.train(progress: progress)
      result = .success(copy)
    } catch {
      result = .failure(error)
    }
    if let record = self.record, let last = await self.parameters.takeLastPush() {
      await self.ledger.note(last.updates, last.receipt, in: record)
    }
    for probe in probes { await probe.close() }
    for task in probing { await task.value }
    for task in serving { task.cancel() }
    for task in serving { await task.value }
    self = try result.get()
  }

  private mutating func train(progress: @Sendable (DemoProgress) -> Void) async throws {
    let clock = self.runtime.clock
    let start = clock.now().monotonic
    var lastProgress = start
    while let batch = try await self.source.nextBatch(limit: self.settings.batchSize) {
      guard !batch.isEmpty else { continue }
      try await self.train(on: batch)
      let now = clock.now().monotonic
      self.trainSeconds = start.duration(to: now).inSeconds
      if lastProgress.duration(to: now) >= .seconds(1) {
        lastProgress = now
        progress(await self.progress())
      }
      if let seconds = self.settings.seconds, self.trainSeconds >= seconds { break }
      if Task.isCancelled { break }
    }
  }

  private mutating func train(on batch: ExampleBatch) async throws {
    let turn = self.batches
    self.batches += 1
    let others = self.servers.enumerated().filter { !$0.element.isEmpty }
      .map { ($0.offset, $0.element[turn % $0.element.count]) }
    let trainer = self.trainer
    let (record, written, ledger) = (self.record, await self.parameters.takeLastPush(), self.ledger)
    let (step, scored) = try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
      for (number, server) in others {
        group.addTask { (number, try await server.score(batch)) }
      }
      if let record, let written {
        // Book-keeping of the push before this, beside the work of this batch.
        group.addTask {
          await ledger.note(written.updates, written.receipt, in: record)
          return (-1, [])
        }
      }
      let step = try await trainer.compute(batch)
      var scored: [Int: [Float]] = [:]
      for try await (number, probabilities) in group { scored[number] = probabilities }
      return (step, scored)
    }
    for number in self.scores.indices {
      self.scores[number].append(
        probabilities: scored[number] ?? step.probabilities, labels: batch.labels)
    }
    if self.settings.isBaselineWanted {
      self.baselineScores.append(
        probabilities: self.baseline.scoreThenLearn(batch), labels: batch.labels)
    }
    try await self.trainer.push(step)
  }

  // MARK: Results

  private func progress() async -> DemoProgress {
    var dataCentres: [DemoProgress.DataCentre] = []
    var wireBytes = 0
    for (number, dataCentre) in self.cluster.dataCentres.enumerated() {
      var delays: [Double] = []
      for probe in self.probes[number] { delays += await probe.delays.suffix(20_000) }
      delays.sort()
      for replica in dataCentre.replicas { wireBytes += await replica.pullTally().receivedBytes }
      let scores = self.scores[number]
      dataCentres.append(
        DemoProgress.DataCentre(
          name: dataCentre.name, isTraining: number == 0, replicas: dataCentre.replicas.count,
          rowsScored: scores.count, auc: scores.areaUnderCurve(over: scores.all),
          visibilityMedian: delays.quantile(0.5), visibilityP99: delays.quantile(0.99)))
    }
    let seconds = max(self.trainSeconds, 1e-9)
    return DemoProgress(
      seconds: self.trainSeconds, rowsTrained: self.trainer.rowsTrained,
      rowsPerSecond: Double(self.trainer.rowsTrained) / seconds,
      updatesPerSecond: Double(self.trainer.updates) / seconds, wireBytes: wireBytes,
      dataCentres: dataCentres)
  }

  /// Waits until every replica holds all that was acknowledged, for ten seconds at most, and counts.
  func finish() async throws -> DemoResult {
    var result = DemoResult(
      seed: self.settings.seed,
      format: self.settings.dataFile == nil
        ? "synthetic" : (self.settings.format ?? .criteo).rawValue)
    result.rowsRead = self.source.rowsRead
    result.rowsTrained = self.trainer.rowsTrained
    result.skipped = self.source.skipped
    result.trainSeconds = self.trainSeconds
    result.updates = self.trainer.updates
    result.baselineAUCLastFifth =
      self.settings.isBaselineWanted
      ? self.baselineScores.areaUnderCurve(over: self.baselineScores.lastFifth) : nil
    result.updatesLost = await self.drain()
    var tally = PullTally()
    var hits: UInt64 = 0
    var misses: UInt64 = 0
    var rows: UInt64 = 0
    for (number, dataCentre) in self.cluster.dataCentres.enumerated() {
      var entry = await self.measured(number, dataCentre)
      for replica in dataCentre.replicas {
        let status = await replica.status()
        entry.digests.append(status?.models.first { $0.name == DemoCluster.model }?.digest)
        hits += status?.cacheHits ?? 0
        misses += status?.cacheMisses ?? 0
        if number == 0 { rows = max(rows, status?.models.first?.rows ?? 0) }
        tally.add(await replica.pullTally())
      }
      result.dataCentres.append(entry)
    }
    let digests = result.dataCentres.flatMap(\.digests)
    result.digestsEqual = digests.allSatisfy { $0 != nil && $0 == digests[0] }
    result.wireBytes = tally.receivedBytes
    result.cacheHitFraction =
      hits + misses > 0 ? Double(hits) / Double(hits + misses) : nil
    result.shardsSkippedFraction =
      tally.announcements > 0 ? Double(tally.skipped) / Double(tally.announcements) : nil
    result.fullBroadcastBytes = await self.fullBroadcastBytes()
    await self.client.close()
    return result
  }

  private func measured(
    _ number: Int, _ dataCentre: DemoCluster.DataCentre
  ) async -> DemoResult.DataCentre {
    var entry = DemoResult.DataCentre(
      name: dataCentre.name, isTraining: number == 0, replicas: dataCentre.replicas.count)
    let scores = self.scores[number]
    entry.rowsScored = scores.count
    entry.auc = scores.areaUnderCurve(over: scores.all)
    entry.aucLastFifth = scores.areaUnderCurve(over: scores.lastFifth)
    entry.logLoss = scores.logLoss(over: scores.all)
    entry.logLossLastFifth = scores.logLoss(over: scores.lastFifth)
    var delays: [Double] = []
    for probe in self.probes[number] { delays += await probe.delays }
    delays.sort()
    entry.visibilitySamples = delays.count
    entry.visibilityMedian = delays.quantile(0.5)
    entry.visibilityP99 = delays.quantile(0.99)
    entry.visibilityMax = delays.last
    return entry
  }

  /// Waits for the last updates everywhere; returns how many rows some replica still lacks then.
  private func drain() async -> Int {
    guard let record = self.record else { return 0 }
    let clock = self.runtime.clock
    let deadline = clock.now().monotonic.advanced(by: .seconds(10))
    let acknowledged = await self.ledger.acknowledged()
    var lost = 0
    for replica in self.cluster.dataCentres.flatMap(\.replicas) {
      var missing = await replica.missing(acknowledged, of: record)
      while missing > 0, clock.now().monotonic < deadline {
        try? await clock.sleep(for: .milliseconds(20))
        missing = await replica.missing(acknowledged, of: record)
      }
      lost += missing
    }
    return lost
  }

  /// What sending the whole model to every inference replica would take: once per 10,000 rows, the
  /// log having no time (DESIGN §12).
  private func fullBroadcastBytes() async -> Int {
    guard let record = self.record else { return 0 }
    let acknowledged = await self.ledger.acknowledged()
    var modelBytes = 0
    for (index, table) in record.tables.enumerated() {
      let rows = acknowledged.keys.count { Int($0.table.rawValue) == index }
      modelBytes += rows * table.rowLength * 4
    }
    let replicas = self.cluster.dataCentres.dropFirst().reduce(0) { $0 + $1.replicas.count }
    let broadcasts = Double(self.trainer.rowsTrained) / 10_000
    return Int(Double(modelBytes * replicas) * broadcasts)
  }
}
