internal import EkkoClient
internal import EkkoCore
internal import EkkoRecommender
internal import EkkoStorage
internal import EkkoTransport

/// `train`: a ranking model of the cluster learns from a click log.
struct TrainProgram {
  let options: TrainOptions

  private static let batchSize = 128

  func run() async throws {
    let signals = Signals()
    let input = self.options
    let model = RankingModelKind.wideAndDeep.model(layout: input.format.layout, seed: 1)
    do { _ = try FileByteSource(path: input.dataFile) } catch {
      throw Failure(error, file: input.dataFile)
    }
    let loops = try CoreLoops.start(count: 1)
    let runtime = Runtime.live(loops: loops)
    let training = runtime.spawn(on: Home(index: 0)) { () -> Result<TrainSummary, any Error> in
      do { return .success(try await self.train(model, runtime: runtime)) } catch {
        return .failure(error)
      }
    }
    let stopping = runtime.spawn(on: Home(index: 0)) {
      await signals.wait()
      training.cancel()
    }
    let result = await training.value
    stopping.cancel()
    await stopping.value
    await loops.stop()
    let summary = try result.get()
    if input.json {
      try StandardStream.output.print(summary.json.line)
    } else {
      try StandardStream.output.print(summary.line)
    }
  }

  /// Trains to the end of the log. Cancelled before that it ends with the batch under way, and what
  /// was trained counts; before the first, it throws `CancellationError`.
  private func train(_ model: any RankingModel, runtime: Runtime) async throws -> TrainSummary {
    let options = self.options
    do {
      let client = try await EkkoClient.connect(
        to: options.cluster.join.map(\.description), secretFile: options.cluster.secretFile,
        timeout: options.cluster.timeout)
      let result: Result<TrainSummary, any Error>
      do {
        try await self.ensureModel(model, client)
        let parameters = ClientParameters(
          client: client, model: options.model, runtime: runtime, home: Home(index: 0))
        result = .success(
          try await Self.train(
            Trainer(model: model, parameters: parameters), options, runtime: runtime))
      } catch {
        result = .failure(error)
      }
      await client.close()
      return try result.get()
    } catch let error as ClickLogError {
      throw Failure(error, file: options.dataFile)
    } catch EkkoError.closed where Task.isCancelled {
      // What the client had under way was given up.
      throw CancellationError()
    } catch let error as EkkoError {
      throw Failure(error, doing: "cannot train model '\(options.model)'")
    }
  }

  /// Creates the model if there is none of its name, and refuses one whose tables cannot learn this.
  func ensureModel(
    _ model: any RankingModel, _ client: EkkoClient
  ) async throws(EkkoError) {
    do throws(EkkoError) {
      let tables = try await client.tables(of: self.options.model)
      for wanted in model.tables {
        guard let table = tables.first(where: { $0.name == wanted.name }),
          table.rowLength == wanted.rowLength, table.valueType.isNumeric,
          table.optimiser != .none
        else {
          throw EkkoError.invalid(
            "model '\(self.options.model)' has no table '\(wanted.name)' with rows of "
              + "\(wanted.rowLength) numbers and an optimiser")
        }
      }
      if let known = try await client.logFormat(of: self.options.model),
        known != self.options.format
      {
        throw EkkoError.invalid(
          "model '\(self.options.model)' has been made for a \(known.rawValue) log and cannot learn "
            + "from a \(self.options.format.rawValue) log")
      }
    } catch .unknownModel {
      try await client.createModel(
        self.options.model, application: self.options.format.rawValue, tables: model.tables)
    }
  }

  private static func train(
    _ trainer: Trainer, _ options: TrainOptions, runtime: Runtime
  ) async throws -> TrainSummary {
    let file = try FileByteSource(path: options.dataFile)
    guard options.follow else {
      return try await Self.train(
        trainer, ClickLogReader(format: options.format, source: file), options, runtime: runtime)
    }
    return try await Self.train(
      trainer,
      ClickLogReader(
        format: options.format, source: FollowingByteSource(file, clock: runtime.clock)), options,
      runtime: runtime)
  }

  private static func train<Source: ByteSource>(
    _ trainer: Trainer, _ log: ClickLogReader<Source>, _ options: TrainOptions,
    runtime: Runtime
  ) async throws -> TrainSummary {
    var trainer = trainer
    var log = log
    let start = runtime.clock.now().monotonic
    do {
      while !Task.isCancelled, let batch = try await log.nextBatch(limit: Self.batchSize) {
        guard !batch.isEmpty else { continue }
        trainer = try await Self.train(trainer, on: batch, runtime: runtime)
      }
    } catch is CancellationError {
      // A signal while the log was waited for: what was trained counts.
    }
    for line in log.skipped.lines { try StandardStream.error.print(line) }
    guard !log.isAllSkipped else {
      throw Failure(allSkipped: log.skipped, file: options.dataFile, format: options.format)
    }
    var summary = TrainSummary(model: options.model)
    summary.rowsRead = log.rowsRead
    summary.rowsTrained = trainer.rowsTrained
    summary.rowsSkipped = log.skipped.count
    summary.skippedByFieldCount = log.skipped.countByFieldCount
    summary.trainSeconds = start.duration(to: runtime.clock.now().monotonic).inSeconds
    if summary.trainSeconds > 0 {
      summary.rowsPerSecond = Double(trainer.rowsTrained) / summary.trainSeconds
    }
    return summary
  }

  /// A batch is trained whole: a signal that comes meanwhile must not tear a push apart.
  private static func train(
    _ trainer: Trainer, on batch: ExampleBatch, runtime: Runtime
  ) async throws -> Trainer {
    let training = runtime.spawn(on: Home(index: 0)) { () -> Result<Trainer, any Error> in
      var trainer = trainer
      do { _ = try await trainer.train(batch) } catch { return .failure(error) }
      return .success(trainer)
    }
    return try await training.value.get()
  }
}
