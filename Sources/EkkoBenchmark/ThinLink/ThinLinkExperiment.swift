internal import EkkoCore

/// A replica behind a link that carries much less than the primary is written (DESIGN §13): what is
/// pulled is state, so the bytes of the keys that change bound how far the replica falls behind, not
/// the rate of writes. A log has no such bound, as the same load on a Redis shows.
struct ThinLinkExperiment {
  private let experiment: ReplicateExperiment

  private static let bandwidth = LinkBandwidth(megabitsPerSecond: 100)
  private static let rowsPerSecond = 200_000.0
  /// How long the load lasts, at least.
  private static let leastDuration = Duration.seconds(8)
  /// How long the last marks may take to arrive once the load is over.
  private static let patience = Duration.seconds(30)
  /// Lags are told for each part of the run: whether they grow is the point.
  private static let partCount = 4

  init(_ experiment: ReplicateExperiment) { self.experiment = experiment }

  private var duration: Duration { max(Self.leastDuration, self.experiment.window) }
  private var shape: ReplicateShape {
    var shape = self.experiment.shape
    shape.keyCount = Workload.hotKeyCount
    return shape
  }

  /// Whether there can be such a link here: makes one, and takes it away.
  static func check() async throws { await (try ThinLink.make(bandwidth: Self.bandwidth)).remove() }

  func run(_ report: ReplicateExperiment.Report) async throws {
    try await self.withLink { link in try await self.measureOurs(link, report) }
    guard self.experiment.redis != nil else { return }
    try await self.withLink { link in try await self.measureRedis(link, report) }
  }

  private func withLink(_ body: (ThinLink) async throws -> Void) async throws {
    let link = try await ThinLink.make(bandwidth: Self.bandwidth)
    do { try await body(link) } catch {
      await link.remove()
      throw error
    }
    await link.remove()
  }

  // MARK: Ours

  private func measureOurs(_ link: ThinLink, _ report: ReplicateExperiment.Report) async throws {
    let places = NodePlaces(
      primaryHost: link.primaryHost, replicaHost: link.replicaHost, replicaPrefix: link.prefix,
      usesSecret: true)
    let writes = WriteLoad(
      .hot, self.shape, rowsPerWrite: self.experiment.rowsPerWrite,
      writesUnderWay: self.experiment.writesUnderWay, seed: self.experiment.seed)
    try await withCluster(
      try await .processes(replicas: 1, shape: self.shape, places: places)
    ) { cluster in
      try await writes.fill(cluster, self.shape)
      var figures = self.figures("thin-link", part: nil)
      let before = try link.sentByteCount()
      let load = writes.start(on: cluster, rowsPerSecond: Self.rowsPerSecond)
      let delays = try await ReplicateExperiment.holding(load) {
        let probe = ArrivalProbe.start(cluster, key: 0)
        do {
          figures.add(
            try await LoadWindow.measure(
              load, of: cluster.writer, server: cluster.primary, for: self.duration))
        } catch {
          _ = await probe.stop(patience: .zero)
          throw error
        }
        let rows = await load.stop().rows
        let delays = await probe.stop(patience: Self.patience)
        // All that went over the link for all that was written, what came late included.
        figures.add(.wireBytesPerUpdate, Double(try link.sentByteCount() - before) / Double(rows))
        return delays
      }
      try self.report(delays, "thin-link", &figures, report)
    }
  }

  // MARK: Redis

  private func measureRedis(_ link: ThinLink, _ report: ReplicateExperiment.Report) async throws {
    let children = ChildPrograms()
    do { try await self.measureRedis(link, children, report) } catch {
      await children.stopAll()
      throw error
    }
    await children.stopAll()
  }

  private func measureRedis(
    _ link: ThinLink, _ children: ChildPrograms, _ report: ReplicateExperiment.Report
  ) async throws {
    let primary = try await RedisProcess.start(
      children, bind: [link.primaryHost, "127.0.0.1"])
    let replica = try await RedisProcess.start(
      children, bind: [link.replicaHost], prefix: link.prefix, replicaOf: primary.address)
    let value = [UInt8](
      repeating: UInt8(ascii: "x"), count: self.shape.rowLength * MemoryLayout<Float>.stride)
    let batches = RedisBatch.random(
      .set, count: 1024, keyCount: Workload.hotKeyCount, value: value, seed: self.experiment.seed)
    let load = RedisLoad(address: primary.address)
    var figures = self.figures("redis-thin-link", part: nil)
    let probe = RedisArrivalProbe.start(primary: primary.address, replicas: [replica.address])
    let copies = try await self.copyCount(of: primary.address)
    let before = try link.sentByteCount()
    let tally: RedisLoad.Tally
    do {
      tally = try await load.run(batches, for: self.duration, keysPerSecond: Self.rowsPerSecond)
    } catch {
      _ = try? await probe.stop(patience: .zero)
      throw error
    }
    figures.add(tally)
    let delays = try await probe.stop(patience: Self.patience)
    figures.add(
      .wireBytesPerUpdate,
      Double(try link.sentByteCount() - before) / Double(tally.sentKeyCount))
    figures.add(.fullCopies, try await self.copyCount(of: primary.address) - copies)
    try self.report(delays, "redis-thin-link", &figures, report)
  }

  private func copyCount(of primary: RedisAddress) async throws -> Double {
    try await onThread { _ in
      let state = try RedisServerState(of: try RedisConnection(to: primary))
      guard let count = state["sync_full"].flatMap({ Double($0) }) else {
        throw RedisTrouble.notRedis
      }
      return count
    }
  }

  // MARK: Figures

  private func figures(_ testCase: String, part: Int?) -> ReplicateFigures {
    var settings: [Measurement.Setting] = [
      .init("workload", Workload.hot.rawValue), .init("keys", Workload.hotKeyCount),
      .init("offered", Int(Self.rowsPerSecond)),
      .init("mbit", Self.bandwidth.megabitsPerSecond),
    ]
    if let part { settings.append(.init("part", part)) }
    return ReplicateFigures(testCase, settings)
  }

  /// The lags of the whole run, and of its parts one after the other.
  private func report(
    _ delays: [ArrivalLog.Delay], _ testCase: String, _ figures: inout ReplicateFigures,
    _ report: ReplicateExperiment.Report
  ) throws {
    guard delays.count >= Self.partCount, delays.contains(where: \.isSeen) else {
      throw ReplicateTrouble.nothingSeen("a write over the thin link")
    }
    Self.add(delays[...], &figures)
    let bytes = Double(Workload.hotKeyCount * self.shape.payloadByteCount)
    figures.add(.lagBound, bytes / Self.bandwidth.bytesPerSecond * 1000)
    try figures.report(ReplicateExperiment.name, report)
    let length = delays.count / Self.partCount
    for part in 0..<Self.partCount {
      var figures = self.figures(testCase, part: part + 1)
      Self.add(delays[(part * length)..<((part + 1) * length)], &figures)
      try figures.report(ReplicateExperiment.name, report)
    }
  }

  private static func add(
    _ delays: ArraySlice<ArrivalLog.Delay>, _ figures: inout ReplicateFigures
  ) {
    let samples = Samples(delays.map(\.milliseconds))
    figures.add(.lagMedian, samples.median)
    figures.add(.lagMax, samples.high)
  }
}
