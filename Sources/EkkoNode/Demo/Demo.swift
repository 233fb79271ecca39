internal import EkkoCore
package import EkkoRecommender
internal import EkkoTransport

/// The whole store on one machine, shown at work (`ekko-node demo`).
package enum Demo {
  /// Runs the demo and returns what it has seen.
  ///
  /// Cancelled, it trains no further, drains and returns what it has seen until then.
  ///
  /// - Throws: `ClickLogError` if the file cannot be read; `DemoError.everyRowSkipped`;
  ///   `CancellationError` if it was cancelled before it could train.
  package static func run(
    _ settings: DemoSettings, progress: @escaping @Sendable (DemoSnapshot) async -> Void
  ) async throws -> DemoSummary {
    guard settings.isAloneMeasured else {
      return try await Self.runOnce(settings, progress: progress)
    }
    // Before and after, so that a machine that grows slower or faster meanwhile favours neither.
    let before = try await Self.measureAlone(settings, progress: progress)
    try Task.checkCancellation()
    var summary = try await Self.runOnce(settings, progress: progress)
    guard !Task.isCancelled else { return summary }
    let after = try await Self.measureAlone(settings, progress: progress)
    if let before, let after { summary.rowsPerSecondAlone = (before + after) / 2 }
    return summary
  }

  /// Rows per second of the primaries and the trainer without any replica.
  private static func measureAlone(
    _ settings: DemoSettings, progress: @escaping @Sendable (DemoSnapshot) async -> Void
  ) async throws -> Double? {
    var lonely = settings
    lonely.dataCentres = 1
    lonely.isBaselineWanted = false
    lonely.usesProcesses = false
    lonely.isAlone = true
    let summary = try await Self.runOnce(lonely) { snapshot in
      var snapshot = snapshot
      snapshot.phase = .measuringAlone
      await progress(snapshot)
    }
    return summary.rowsPerSecond
  }

  private static func runOnce(
    _ settings: DemoSettings, progress: @escaping @Sendable (DemoSnapshot) async -> Void
  ) async throws -> DemoSummary {
    // A loop for each data centre; the others for the trainer and the inference servers.
    let nodeLoops = try CoreLoops.start(count: max(2, settings.dataCentres))
    let workLoops = try CoreLoops.start(count: 3)
    let result: Result<DemoSummary, any Error>
    do {
      // Before any node is started: a file that cannot be read costs nothing.
      _ = try DemoSource(settings)
      let cluster =
        settings.usesProcesses
        ? try await DemoCluster.processes(
          dataCentres: settings.dataCentres, replicas: settings.replicas, loops: nodeLoops)
        : try await DemoCluster.inProcess(
          dataCentres: settings.dataCentres, replicas: settings.replicas,
          replicates: !settings.isAlone, loops: nodeLoops)
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
    progress: @escaping @Sendable (DemoSnapshot) async -> Void
  ) async -> Result<DemoSummary, any Error> {
    // Cancelled itself, it could not drain.
    let stop = StopRequest()
    let training = runtime.spawn(on: Home(index: 0)) {
      var training: DemoTraining
      do {
        training = DemoTraining(
          settings, cluster: cluster, source: try DemoSource(settings), runtime: runtime,
          stop: stop)
      } catch {
        return Result<DemoSummary, any Error>.failure(error)
      }
      let result: Result<DemoSummary, any Error>
      do {
        try await training.prepare()
        try await training.run(progress: progress)
        await progress(await training.snapshot(.draining))
        if !settings.isAlone {
          try StandardStream.error.print(training.source.skipped.lines)
        }
        guard !training.source.isAllSkipped else {
          throw DemoError.everyRowSkipped(training.source.skipped)
        }
        result = .success(try await training.finish())
      } catch {
        result = .failure(error)
      }
      await training.close()
      return result
    }
    return await withTaskCancellationHandler {
      await training.value
    } onCancel: {
      stop.make()
    }
  }
}

/// Whether a demo has been asked to come to its end.
final class StopRequest: Sendable {
  private let isMade = Guarded(false)

  func make() { self.isMade.withLock { $0 = true } }

  var hasCome: Bool { self.isMade.withLock { $0 } }

  func check() throws(CancellationError) { if self.hasCome { throw CancellationError() } }
}

/// Why a demo came to nothing.
package enum DemoError: Error, Sendable {
  case everyRowSkipped(SkippedRows)
  /// A node's process did not start.
  case node(name: String, why: String)
}
