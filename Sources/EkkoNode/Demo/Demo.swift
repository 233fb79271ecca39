internal import EkkoCore
package import EkkoRecommender
internal import EkkoTransport

/// The whole store on one machine, shown at work (`ekko-node demo`).
package enum Demo {
  /// Runs the demo and returns what it has seen.
  ///
  /// - Throws: `ClickLogError` if the file cannot be read; `DemoError.everyRowSkipped`.
  package static func run(
    _ settings: DemoSettings, progress: @escaping @Sendable (DemoProgress) -> Void
  ) async throws -> DemoResult {
    var alone: Double?
    if settings.isAloneMeasured {
      var lonely = settings
      lonely.dataCentres = 1
      lonely.replicas = 1
      lonely.isBaselineWanted = false
      lonely.usesProcesses = false
      alone = try await Self.runOnce(lonely, progress: { _ in }).rowsPerSecond
    }
    var result = try await Self.runOnce(settings, progress: progress)
    result.rowsPerSecondAlone = alone
    return result
  }

  private static func runOnce(
    _ settings: DemoSettings, progress: @escaping @Sendable (DemoProgress) -> Void
  ) async throws -> DemoResult {
    // Two loops for the nodes; the others for the trainer and the inference servers.
    let nodeLoops = try CoreLoops.start(count: 2)
    let workLoops = try CoreLoops.start(count: 3)
    let result: Result<DemoResult, any Error>
    do {
      // Before any node is started: a file that cannot be read costs nothing.
      _ = try DemoSource(settings)
      let cluster = try await DemoCluster.inProcess(
        dataCentres: settings.dataCentres, replicas: settings.replicas, loops: nodeLoops)
      result = await Self.train(
        settings, on: cluster, runtime: .live(loops: workLoops), progress: progress)
      await cluster.stop()
    } catch {
      result = .failure(error)
    }
    await workLoops.stop()
    await nodeLoops.stop()
    return try result.get()
  }

  private static func train(
    _ settings: DemoSettings, on cluster: DemoCluster, runtime: Runtime,
    progress: @escaping @Sendable (DemoProgress) -> Void
  ) async -> Result<DemoResult, any Error> {
    await runtime.spawn(on: Home(index: 0)) {
      do {
        var training = DemoTraining(
          settings, cluster: cluster, source: try DemoSource(settings), runtime: runtime)
        try await training.prepare()
        try await training.run(progress: progress)
        guard !training.source.isAllSkipped else {
          throw DemoError.everyRowSkipped(training.source.skipped)
        }
        return Result<DemoResult, any Error>.success(try await training.finish())
      } catch {
        return .failure(error)
      }
    }.value
  }
}

/// Why a demo came to nothing.
package enum DemoError: Error, Sendable {
  case everyRowSkipped(SkippedRows)
}
