import EkkoCore
import EkkoRecommender
import Testing

/// The server on an executor that the test drains, so that what is concurrent is decided.
@Suite struct InferenceServerTests {
  private static let home = Home(index: 0)

  private struct Broken: Error {}

  /// A store that cannot be read.
  private struct BrokenParameters: ParameterAccess {
    func get(_ queries: [TableQuery]) async throws -> [TableRows] { throw Broken() }

    func push(_ updates: [TableGradients]) async throws {}
  }

  private struct Rig {
    let lane = Lane()
    let model: FactorisationMachine
    let store: LocalParameters
    let server: InferenceServer
    let running: Task<Void, Never>

    init(parameters: (any ParameterAccess)? = nil) {
      let model = FactorisationMachine(layout: SyntheticClickLog.layout, seed: 1)
      let store = LocalParameters(model.tables)
      let server = InferenceServer(
        model: model, parameters: parameters ?? store, runtime: self.lane.runtime,
        home: InferenceServerTests.home)
      self.model = model
      self.store = store
      self.server = server
      self.running = Task(executorPreference: self.lane) { await server.run() }
      self.lane.drain()
    }

    func start<Value: Sendable>(
      _ body: @escaping @Sendable () async throws -> Value
    ) -> Task<Value, any Error> {
      Task(executorPreference: self.lane, operation: body)
    }

    func stop() async {
      self.running.cancel()
      self.lane.drain()
      await self.running.value
    }
  }

  private static func batch(seed: UInt64, count: Int) -> ExampleBatch {
    var log = SyntheticClickLog(seed: seed)
    return log.nextBatch(limit: count) ?? ExampleBatch(layout: SyntheticClickLog.layout)
  }

  @Test func `requests of one turn are answered by one read and each gets its own scores`()
    async throws
  {
    let rig = Rig()
    let batches = (1...5).map { Self.batch(seed: UInt64($0), count: $0) }

    let tasks = batches.map { batch in rig.start { try await rig.server.score(batch) } }
    rig.lane.drain()

    #expect(rig.store.calls.gets == 1)
    for (batch, task) in zip(batches, tasks) {
      let plan = rig.model.plan(batch)
      let expected = try rig.model.probabilities(plan, rows: await rig.store.get(plan.queries))
      let scores = try await task.value
      #expect(scores.count == batch.count)
      for (score, other) in zip(scores, expected) { #expect(abs(score - other) < 1e-6) }
    }
    let counters = rig.start { await (rig.server.requestsAnswered, rig.server.batchesComputed) }
    rig.lane.drain()
    #expect(try await counters.value == (5, 1))
    await rig.stop()
  }

  @Test func `nothing is scored from an empty request`() async throws {
    let rig = Rig()

    let task = rig.start { try await rig.server.score(Self.batch(seed: 1, count: 0)) }
    rig.lane.drain()

    #expect(try await task.value.isEmpty)
    #expect(rig.store.calls.gets == 0)
    await rig.stop()
  }

  @Test func `an error of the replica reaches every request and the server goes on`() async throws {
    let rig = Rig(parameters: BrokenParameters())

    for _ in 0..<2 {
      let tasks = (1...3).map { seed in
        rig.start { try await rig.server.score(Self.batch(seed: UInt64(seed), count: 2)) }
      }
      rig.lane.drain()

      for task in tasks { await #expect(throws: Broken.self) { try await task.value } }
    }
    await rig.stop()
  }

  @Test func `more requests than may wait are refused at once`() async throws {
    let rig = Rig()
    let batch = Self.batch(seed: 1, count: 1)
    let limit = InferenceServer.waitingLimit

    let tasks = (0..<(limit + 2)).map { _ in rig.start { try await rig.server.score(batch) } }
    rig.lane.drain()

    var refused = 0
    for task in tasks {
      if case .failure(let error) = await task.result {
        #expect(error as? ServingError == .overloaded(waiting: limit))
        refused += 1
      }
    }
    #expect(refused == 2)
    await rig.stop()
  }

  @Test func `a stopped server refuses those that come later`() async throws {
    let rig = Rig()
    await rig.stop()

    let task = rig.start { try await rig.server.score(Self.batch(seed: 1, count: 1)) }
    rig.lane.drain()

    await #expect(throws: ServingError.stopped) { try await task.value }
  }

  @Test func `recommendations are sorted, and items absent at the replica are left out`()
    async throws
  {
    let rig = Rig()
    var log = SyntheticClickLog(seed: 4)
    var trainer = Trainer(model: rig.model, parameters: rig.store)
    for _ in 0..<10 {
      let batch = log.nextBatch(limit: 50) ?? ExampleBatch(layout: log.layout)
      _ = try await trainer.train(batch)
    }
    let described = log
    let candidates = (0..<40).map(String.init) + ["999999"]

    let task = rig.start {
      try await rig.server.recommend(
        user: "3", candidates: candidates, count: 10, features: described)
    }
    rig.lane.drain()
    let best = try await task.value

    let keys = candidates.map { FeatureHash.key(ofText: "item=\($0)") }
    let rows = try await rig.store.get([TableQuery(table: "embedding", keys: keys)])[0]
    let present = zip(candidates, zip(rows.found, rows.created)).filter { $1.0 }
    #expect(present.count < candidates.count && present.count > 10)
    #expect(best.count == 10)
    #expect(zip(best, best.dropFirst()).allSatisfy { $0.score >= $1.score })
    let creation = Dictionary(uniqueKeysWithValues: present.map { ($0, $1.1) })
    for recommendation in best {
      #expect(recommendation.creationSeconds == creation[recommendation.item])
    }
    await rig.stop()
  }

  @Test func `a model without items cannot recommend`() async throws {
    let layout = ClickLogFormat.criteo.layout
    let model = FactorisationMachine(layout: layout, seed: 1)
    let lane = Lane()
    let server = InferenceServer(
      model: model, parameters: BrokenParameters(), runtime: lane.runtime, home: Self.home)

    await #expect(throws: ServingError.noItems) {
      try await server.recommend(
        user: "1", candidates: ["2"], count: 1, features: RatingFeatures())
    }
  }
}
