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
  private let stop: StopRequest
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
    _ settings: DemoSettings, cluster: DemoCluster, source: DemoSource, runtime: Runtime,
    stop: StopRequest
  ) {
    self.settings = settings
    self.cluster = cluster
    self.source = source
    self.runtime = runtime
    self.stop = stop
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
      settings.isAlone
        ? []
        : dataCentre.replicas.enumerated().map { place, replica in
          VisibilityProbe(replica: replica, runtime: runtime, home: Home(index: place))
        }
    }
    self.scores = cluster.dataCentres.map { _ in ProgressiveScores() }
    self.ledger = Ledger(
      probes: self.probes.flatMap(\.self), seed: settings.seed, runtime: runtime)
  }

  /// Waits until every node takes part, and creates the model there. Throws `CancellationError` if
  /// it was asked to stop.
  mutating func prepare() async throws {
    let nodeCount = self.cluster.dataCentres.reduce(0) { $0 + $1.replicas.count }
    let deadline = self.runtime.clock.now().monotonic.advanced(by: .seconds(30))
    repeat {
      try self.stop.check()
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
        while await !replica.holds(DemoCluster.model) {
          try self.stop.check()
          try await self.runtime.clock.sleep(for: .milliseconds(10))
        }
      }
    }
  }

  /// Trains to the end of the source or for the time set, and then waits for the last samples.
  mutating func run(progress: @Sendable (DemoSnapshot) async -> Void) async throws {
    var copy = self
    let servers = self.servers.flatMap(\.self)
    let probes = self.probes.flatMap(\.self)
    let runtime = self.runtime
    let serving = servers.enumerated().map { number, server in
      runtime.spawn(on: Home(index: number + 1), priority: .high) { await server.run() }
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
    await self.ledger.note(await self.parameters.takeLastPush(), in: self.record)
    for probe in probes { await probe.close() }
    for task in probing { await task.value }
    for task in serving { task.cancel() }
    for task in serving { await task.value }
    self = try result.get()
  }

  /// A batch that the inference data centres have been asked to score.
  private struct Turn {
    let batch: ExampleBatch
    let scoring: [(dataCentre: Int, task: Task<Result<[Float], any Error>, Never>)]
  }

  /// How many batches are being scored while one is trained on: enough that the trainer finds the
  /// scores there.
  private static let batchesAhead = 3

  private mutating func train(progress: @Sendable (DemoSnapshot) async -> Void) async throws {
    var upcoming: [Turn] = []
    do {
      try await self.train(&upcoming, progress: progress)
    } catch {
      for scoring in upcoming.flatMap(\.scoring) { _ = await scoring.task.value }
      throw error
    }
  }

  private mutating func train(
    _ upcoming: inout [Turn], progress: @Sendable (DemoSnapshot) async -> Void
  ) async throws {
    let clock = self.runtime.clock
    let start = clock.now().monotonic
    var lastProgress = start
    var isOver = false
    while true {
      while !isOver, upcoming.count <= Self.batchesAhead {
        if let batch = try await self.source.nextBatch(limit: self.settings.batchSize) {
          if !batch.isEmpty { upcoming.append(self.beginScoring(batch)) }
        } else {
          isOver = true
        }
      }
      guard !upcoming.isEmpty else { return }
      try await self.train(on: upcoming[0])
      upcoming.removeFirst()
      let now = clock.now().monotonic
      self.trainSeconds = start.duration(to: now).inSeconds
      if lastProgress.duration(to: now) >= Self.progressInterval {
        lastProgress = now
        await progress(await self.snapshot(.training))
      }
      if let seconds = self.settings.seconds, self.trainSeconds >= seconds { isOver = true }
      if self.stop.hasCome { isOver = true }
    }
  }

  /// Has one replica of each inference data centre score `batch`, in turn.
  private mutating func beginScoring(_ batch: ExampleBatch) -> Turn {
    let turn = self.batches
    self.batches += 1
    var scoring: [(dataCentre: Int, task: Task<Result<[Float], any Error>, Never>)] = []
    for (number, servers) in self.servers.enumerated() where !servers.isEmpty {
      let server = servers[turn % servers.count]
      let task = self.runtime.spawn(on: Home(index: number), priority: .high) {
        () -> Result<[Float], any Error> in
        do { return .success(try await server.score(batch)) } catch { return .failure(error) }
      }
      scoring.append((number, task))
    }
    return Turn(batch: batch, scoring: scoring)
  }

  /// Pushes `turn`'s batch after every data centre has scored it.
  private mutating func train(on turn: Turn) async throws {
    // Book-keeping of the push before this, beside the work of this batch.
    let (written, record, ledger) = (await self.parameters.takeLastPush(), self.record, self.ledger)
    async let noted: Void = ledger.note(written, in: record)
    let step = try await self.trainer.compute(turn.batch)
    var scored: [Int: [Float]] = [:]
    for (dataCentre, task) in turn.scoring { scored[dataCentre] = try await task.value.get() }
    await noted
    for number in self.scores.indices {
      self.scores[number].append(
        probabilities: scored[number] ?? step.probabilities, labels: turn.batch.labels)
    }
    if self.settings.isBaselineWanted {
      self.baselineScores.append(
        probabilities: self.baseline.scoreThenLearn(turn.batch), labels: turn.batch.labels)
    }
    try await self.trainer.push(step)
  }

  // MARK: Results

  /// How often the display gets something to show.
  private static let progressInterval = Duration.milliseconds(500)

  func snapshot(_ phase: DemoSnapshot.Phase) async -> DemoSnapshot {
    var snapshot = DemoSnapshot(format: self.settings.format)
    snapshot.phase = phase
    snapshot.seconds = self.trainSeconds
    snapshot.secondLimit = self.settings.seconds
    snapshot.rowsTrained = self.trainer.rowsTrained
    snapshot.updates = self.trainer.updates
    if self.trainSeconds > 0 {
      snapshot.rowsPerSecond = Double(self.trainer.rowsTrained) / self.trainSeconds
      snapshot.updatesPerSecond = Double(self.trainer.updates) / self.trainSeconds
    }
    for (number, dataCentre) in self.cluster.dataCentres.enumerated() {
      var delays: [Double] = []
      for probe in self.probes[number] { delays += await probe.latest }
      delays.sort()
      for replica in dataCentre.replicas {
        snapshot.wireByteCount += await replica.receivedBytes()
      }
      let scores = self.scores[number]
      let recent = max(0, scores.count - Self.recentRows)..<scores.count
      var shown = DemoSnapshot.DataCentre(name: dataCentre.name, role: dataCentre.role)
      shown.rowsScored = scores.count
      shown.areaUnderCurve = scores.areaUnderCurve(over: recent)
      shown.logLoss = scores.logLoss(over: recent)
      shown.visibilityMedian = delays.quantile(0.5)
      shown.visibilityP99 = delays.quantile(0.99)
      snapshot.dataCentres.append(shown)
    }
    return snapshot
  }

  /// The display shows the quality of the last rows.
  private static let recentRows = 10_000

  /// Waits until every replica holds all that was acknowledged, for ten seconds at most, and counts.
  func finish() async throws -> DemoSummary {
    var summary = DemoSummary(seed: self.settings.seed, format: self.settings.format)
    summary.rowsRead = self.source.rowsRead
    summary.rowsTrained = self.trainer.rowsTrained
    summary.rowsSkipped = self.source.skipped.count
    summary.skippedByFieldCount = self.source.skipped.countByFieldCount
    summary.trainSeconds = self.trainSeconds
    summary.updates = self.trainer.updates
    if self.trainSeconds > 0 {
      summary.rowsPerSecond = Double(summary.rowsTrained) / self.trainSeconds
      summary.updatesPerSecond = Double(summary.updates) / self.trainSeconds
    }
    if self.settings.isBaselineWanted {
      summary.baselineAreaUnderCurve = self.baselineScores.areaUnderCurve(
        over: self.baselineScores.lastFifth)
    }
    guard !self.settings.isAlone else { return summary }
    summary.updatesLost = await self.drain()
    var counts = ReplicaCounts()
    var silent = 0
    for (number, dataCentre) in self.cluster.dataCentres.enumerated() {
      var entry = await self.measured(number, dataCentre)
      for replica in dataCentre.replicas {
        let status = await replica.status(withDigests: true)
        let digest = status?.models.first { $0.name == DemoCluster.model }?.digest
        if digest == nil { silent += 1 }
        entry.digests.append(digest ?? 0)
        if let status { counts.add(status) }
      }
      summary.dataCentres.append(entry)
    }
    let digests = summary.dataCentres.flatMap(\.digests)
    summary.digestsEqual = silent == 0 && digests.allSatisfy { $0 == digests[0] }
    summary.wireByteCount = counts.receivedBytes
    summary.fullBroadcastByteCount = await self.fullBroadcastBytes()
    summary.cacheHitFraction = counts.cacheHitFraction
    summary.shardsSkippedFraction = counts.shardsSkippedFraction
    return summary
  }

  /// Lets go of the links; nothing may be asked afterwards.
  func close() async { await self.client.close() }

  private func measured(
    _ number: Int, _ dataCentre: DemoCluster.DataCentre
  ) async -> DemoSummary.DataCentre {
    var entry = DemoSummary.DataCentre(
      name: dataCentre.name, role: dataCentre.role, replicas: dataCentre.replicas.count)
    let scores = self.scores[number]
    entry.rowsScored = scores.count
    entry.areaUnderCurve = scores.areaUnderCurve(over: scores.all)
    entry.areaUnderCurveOfLastFifth = scores.areaUnderCurve(over: scores.lastFifth)
    entry.logLoss = scores.logLoss(over: scores.all)
    entry.logLossOfLastFifth = scores.logLoss(over: scores.lastFifth)
    var delays: [Double] = []
    for probe in self.probes[number] { delays += await probe.delays }
    delays.sort()
    entry.visibility = DemoSummary.Visibility(
      median: delays.quantile(0.5), p99: delays.quantile(0.99), largest: delays.last,
      sampleCount: delays.count)
    return entry
  }

  /// Waits for the last updates everywhere; returns how many rows some replica still lacks then.
  private func drain() async -> Int {
    guard let record = self.record else { return 0 }
    let clock = self.runtime.clock
    let deadline = clock.now().monotonic.advanced(by: .seconds(10))
    // A machine that stands still meanwhile passes the deadline, and its replicas had no chance.
    var looksLeft = 50
    let acknowledged = await self.ledger.acknowledged()
    var lost = 0
    for replica in self.cluster.dataCentres.flatMap(\.replicas) {
      var missing = await replica.missing(acknowledged, of: record)
      while missing > 0, looksLeft > 0 || clock.now().monotonic < deadline {
        looksLeft -= 1
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
