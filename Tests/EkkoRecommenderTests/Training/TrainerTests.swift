import EkkoRecommender
import Testing

@Suite struct TrainerTests {
  private static func nextBatch(_ log: inout SyntheticClickLog, _ count: Int) -> ExampleBatch {
    log.nextBatch(limit: count) ?? ExampleBatch(layout: log.layout)
  }

  @Test func `a batch is one read and one push, scored before it is learned`() async throws {
    let model = WideAndDeep(layout: SyntheticClickLog.layout, seed: 1)
    let store = LocalParameters(model.tables)
    var trainer = Trainer(model: model, parameters: store)
    var log = SyntheticClickLog(seed: 1)
    let batch = Self.nextBatch(&log, 32)
    let plan = model.plan(batch)
    let before = try model.probabilities(plan, rows: await store.get(plan.queries))

    let scores = try await trainer.train(batch)

    let after = try model.probabilities(plan, rows: await store.get(plan.queries))
    #expect(scores == before)
    #expect(after != before)
    #expect(store.calls == (3, 1))
    #expect(trainer.rowsTrained == 32)
    #expect(trainer.updates == plan.queries.reduce(0) { $0 + $1.keys.count })
    #expect(store.rowCount(of: "embedding") == plan.queries[0].keys.count)
  }

  @Test func `computing alone changes nothing`() async throws {
    let model = FactorisationMachine(layout: SyntheticClickLog.layout, seed: 1)
    let store = LocalParameters(model.tables)
    var trainer = Trainer(model: model, parameters: store)
    var log = SyntheticClickLog(seed: 1)
    let batch = Self.nextBatch(&log, 8)

    let first = try await trainer.compute(batch)
    let second = try await trainer.compute(batch)
    #expect(first == second && store.calls.pushes == 0 && trainer.rowsTrained == 0)

    try await trainer.push(first)
    #expect(try await trainer.compute(batch).probabilities != first.probabilities)
  }

  @Test func `training on a batch again and again lowers its loss`() async throws {
    for model: any RankingModel in [
      WideAndDeep(layout: SyntheticClickLog.layout, seed: 2),
      FactorisationMachine(layout: SyntheticClickLog.layout, seed: 2),
    ] {
      var trainer = Trainer(model: model, parameters: LocalParameters(model.tables))
      var log = SyntheticClickLog(seed: 5)
      let batch = Self.nextBatch(&log, 64)

      var losses: [Double] = []
      for _ in 0..<15 {
        let scores = try await trainer.train(batch)
        losses.append(
          try #require(LogLoss.of(probabilities: scores[...], labels: batch.labels[...])))
      }

      #expect(losses[14] < 0.8 * losses[0], "\(losses)")
    }
  }

  @Test func `a model that stops training falls behind one that goes on`() async throws {
    let model = FactorisationMachine(layout: SyntheticClickLog.layout, seed: 1)
    let fresh = LocalParameters(model.tables)
    let stale = LocalParameters(model.tables)
    var freshTrainer = Trainer(model: model, parameters: fresh)
    var staleTrainer = Trainer(model: model, parameters: stale)
    var log = SyntheticClickLog(seed: 2)
    var freshScores = ProgressiveScores()
    var staleScores = ProgressiveScores()

    for index in 0..<160 {
      let batch = Self.nextBatch(&log, 128)
      let scores = try await freshTrainer.train(batch)
      let other = try await staleTrainer.compute(batch)
      if index < 80 {
        try await staleTrainer.push(other)
      } else {
        freshScores.append(probabilities: scores, labels: batch.labels)
        staleScores.append(probabilities: other.probabilities, labels: batch.labels)
      }
    }

    let area = try #require(freshScores.areaUnderCurve(over: freshScores.lastFifth))
    let behind = try #require(staleScores.areaUnderCurve(over: staleScores.lastFifth))
    #expect(area > behind + 0.01, "\(area) against \(behind)")
  }
}
