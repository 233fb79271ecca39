internal import EkkoCore
internal import EkkoNode
internal import EkkoReplication
internal import EkkoStorage
internal import EkkoTransport

/// One node with one table, and on each of its core loops a task that writes or reads batches of its
/// own part of the keys.
struct StoreLoad: Sendable {
  private let store: StoreNode
  private let desks: RequestDesks
  private let loops: CoreLoops
  private let runtime: Runtime
  private let running: Task<Void, Never>
  private let model: ModelRecord
  private let experiment: StoreExperiment
  /// By core: batches of distinct keys at random, made beforehand.
  private let batches: [[[UInt64]]]
  /// The rows of every batch.
  private let values: [Float]
  /// By core, all of its keys.
  private let keys: [[UInt64]]

  struct Result: Sendable {
    var rowsPerSecond: Double
    /// The processor time of the batch that took the most.
    var longestBatch: Duration
  }

  private static let modelName = "bench"

  static func start(
    _ experiment: StoreExperiment, shards: UInt32, cores: Int
  ) async throws -> StoreLoad {
    let loops = try CoreLoops.start(count: cores)
    let runtime = Runtime.live(loops: loops)
    var configuration = NodeConfiguration(
      name: "bench", roles: .training, dataCentre: "dc1",
      listen: Endpoint(host: "127.0.0.1", port: 0))
    configuration.homes = cores
    configuration.firstModel = ModelDraft(
      name: Self.modelName, application: "", shardCount: shards,
      tables: [TableSchema(name: "rows", rowLength: experiment.rowLength)])
    let store = try await StoreNode.start(
      configuration, transport: MemoryTransport(), runtime: runtime)
    let running = runtime.spawn(on: Home(index: 0)) { await store.run() }
    while !store.node.mayWrite { try await Task.sleep(for: .milliseconds(5)) }
    while true {
      if let model = store.node.catalogue.modelsByName.first {
        return StoreLoad(experiment, store, loops, runtime, running, model, cores: cores)
      }
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  private init(
    _ experiment: StoreExperiment, _ store: StoreNode, _ loops: CoreLoops, _ runtime: Runtime,
    _ running: Task<Void, Never>, _ model: ModelRecord, cores: Int
  ) {
    self.experiment = experiment
    self.store = store
    self.desks = RequestDesks(node: store.node, homes: cores)
    self.loops = loops
    self.runtime = runtime
    self.running = running
    self.model = model
    var keys = [[UInt64]](repeating: [], count: cores)
    for key in 0..<UInt64(experiment.keyCount) {
      keys[Int(model.shard(of: key, in: TableID(rawValue: 0)).index) % cores].append(key)
    }
    var generator = SplitMix64(seed: experiment.seed)
    for core in keys.indices { keys[core].shuffle(using: &generator) }
    self.keys = keys
    self.values = Array(repeating: 1, count: experiment.batchLength * experiment.rowLength)
    self.batches = keys.map { keys in
      (0..<(experiment.batchCount / cores)).map { _ in
        var batch: Set<UInt64> = []
        while batch.count < min(experiment.batchLength, keys.count) {
          batch.insert(keys[Int.random(in: keys.indices, using: &generator)])
        }
        return Array(batch)
      }
    }
  }

  func stop() async {
    self.running.cancel()
    await self.running.value
    await self.loops.stop()
  }

  /// Writes every key once, in random order.
  ///
  /// - Parameter prepare: is told before each batch how many rows it has; its time does not count as the
  ///   batch's.
  func fill(_ prepare: @escaping @Sendable (_ rowCount: Int) -> Void) async -> Result {
    let length = self.experiment.batchLength
    return await self.run(
      batchCounts: self.keys.map { ($0.count + length - 1) / length },
      { core, number in
        let keys = self.keys[core]
        let range = (number * length)..<min((number + 1) * length, keys.count)
        prepare(range.count)
        return Array(keys[range])
      }, self.write)
  }

  func overwrite() async -> Result { await self.runPrepared(self.write) }

  func look() async -> Result { await self.runPrepared(self.read) }

  private func runPrepared(
    _ step: @escaping @Sendable ([UInt64], Int) async -> Void
  ) async -> Result {
    await self.run(
      batchCounts: self.batches.map(\.count), { self.batches[$0][$1] }, step)
  }

  private func run(
    batchCounts: [Int], _ batch: @escaping @Sendable (_ core: Int, _ number: Int) -> [UInt64],
    _ step: @escaping @Sendable ([UInt64], Int) async -> Void
  ) async -> Result {
    let start = ContinuousClock.now
    let tasks = batchCounts.enumerated().map { core, count in
      self.runtime.spawn(on: Home(index: core)) {
        var (rows, longest) = (0, Duration.zero)
        for number in 0..<count {
          let keys = batch(core, number)
          let before = ProcessorTime.ofThread()
          await step(keys, core)
          longest = max(longest, ProcessorTime.ofThread() - before)
          rows += keys.count
        }
        return (rows, longest)
      }
    }
    var (rows, longest) = (0, Duration.zero)
    for task in tasks {
      let part = await task.value
      rows += part.0
      longest = max(longest, part.1)
    }
    return Result(
      rowsPerSecond: Double(rows) / start.duration(to: .now).inSeconds, longestBatch: longest)
  }

  @Sendable private func write(_ keys: [UInt64], _ core: Int) async {
    let request = WriteRequest(
      model: self.model.id, epoch: self.model.epoch, term: self.model.term,
      request: RequestID(
        client: ClientID(rawValue: 1 + UInt64(core)), sequence: Self.numbers.next()),
      durability: .primary,
      parts: [
        WriteRequest.Part(
          kind: .put, table: TableID(rawValue: 0), keys: keys,
          floats: keys.count == self.values.count / self.experiment.rowLength
            ? self.values : Array(self.values.prefix(keys.count * self.experiment.rowLength)))
      ])
    do {
      _ = try await self.desks.write(request, until: Self.never, from: Home(index: core))
    } catch {
      fatalError("a write of the benchmark failed: \(error)")
    }
  }

  @Sendable private func read(_ keys: [UInt64], _ core: Int) async {
    let request = ReadRequest(
      model: self.model.id, missing: .report,
      parts: [ReadRequest.Part(table: TableID(rawValue: 0), keys: keys)])
    do {
      _ = try await self.desks.read(request, until: Self.never, from: Home(index: core))
    } catch {
      fatalError("a read of the benchmark failed: \(error)")
    }
  }

  private static let never = MonotonicTime(nanoseconds: .max)
  private static let numbers = RequestNumbers()
}

private final class RequestNumbers: Sendable {
  private let last = Guarded<UInt64>(0)
  func next() -> UInt64 {
    self.last.withLock {
      $0 += 1
      return $0
    }
  }
}
