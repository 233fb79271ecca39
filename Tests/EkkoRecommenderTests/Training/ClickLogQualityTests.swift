import EkkoRecommender
import Foundation
import Testing

/// What the models reach on a real log; needs a file that is not part of this package.
///
/// `EKKO_CRITEO_LOG=/path/train.tsv swift test -c release --filter ClickLogQuality`
@Suite(
  .serialized,
  .enabled(
    if: ProcessInfo.processInfo.environment["EKKO_CRITEO_LOG"] != nil,
    "set EKKO_CRITEO_LOG to a Criteo TSV file of 50,000 rows or more"))
struct ClickLogQualityTests {
  private static func source() throws -> ClickLogReader<MemoryByteSource> {
    let path = try #require(ProcessInfo.processInfo.environment["EKKO_CRITEO_LOG"])
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    return ClickLogReader(format: .criteo, source: MemoryByteSource(Array(bytes)))
  }

  private static func report(_ name: String, _ scores: ProgressiveScores, _ seconds: Double) {
    func text(_ value: Double?) -> String { value.map { String(format: "%.5f", $0) } ?? "-" }
    let middle = (scores.count * 36 / 100)..<(scores.count * 60 / 100)
    let rest = (scores.count * 60 / 100)..<scores.count
    print(
      name, "rows", scores.count, "rows/s", Int(Double(scores.count) / seconds),
      "auc all", text(scores.areaUnderCurve(over: scores.all)),
      "36-60", text(scores.areaUnderCurve(over: middle)),
      "60-100", text(scores.areaUnderCurve(over: rest)),
      "last fifth", text(scores.areaUnderCurve(over: scores.lastFifth)),
      "log-loss", text(scores.logLoss(over: scores.all)),
      text(scores.logLoss(over: scores.lastFifth)))
  }

  private static func baseline() async throws -> ProgressiveScores {
    var reader = try Self.source()
    var regression = FollowTheRegularisedLeader()
    var scores = ProgressiveScores()
    while let batch = try await reader.nextBatch(limit: 1024) {
      scores.append(probabilities: regression.scoreThenLearn(batch), labels: batch.labels)
    }
    return scores
  }

  /// What is one batch old.
  private enum Delay: CaseIterable {
    case nothing
    /// Scores come from parameters that miss the last batch, as at a remote replica.
    case scores
    /// Gradients do as well: the trainer itself works ahead of its pushes.
    case gradients
  }

  /// Trains over the whole log.
  private static func train(
    _ model: any RankingModel, batchSize: Int, delay: Delay = .nothing
  ) async throws -> ProgressiveScores {
    var reader = try Self.source()
    var trainer = Trainer(model: model, parameters: LocalParameters(model.tables))
    var scores = ProgressiveScores()
    var held: ModelStep?
    while let batch = try await reader.nextBatch(limit: batchSize) {
      let early = try await trainer.compute(batch)
      if let held { try await trainer.push(held) }
      let late = delay == .gradients ? early : try await trainer.compute(batch)
      scores.append(
        probabilities: delay == .nothing ? late.probabilities : early.probabilities,
        labels: batch.labels)
      held = late
    }
    return scores
  }

  private static func timed(
    _ name: String, _ body: () async throws -> ProgressiveScores
  ) async throws -> ProgressiveScores {
    let clock = ContinuousClock()
    let start = clock.now
    let scores = try await body()
    let elapsed = start.duration(to: clock.now)
    Self.report(name, scores, elapsed / .seconds(1))
    return scores
  }

  @Test(.timeLimit(.minutes(5)))
  func `wide and deep beats the linear model on the last fifth of the log`() async throws {
    let baseline = try await Self.timed("linear", Self.baseline)
    let required = try #require(baseline.areaUnderCurve(over: baseline.lastFifth))

    for seed in UInt64(1)...5 {
      let deep = WideAndDeep(layout: ClickLogFormat.criteo.layout, seed: seed)
      let scores = try await Self.timed("deep \(seed)") {
        try await Self.train(deep, batchSize: 128)
      }
      let reached = try #require(scores.areaUnderCurve(over: scores.lastFifth))
      #expect(reached >= required)
    }
  }

  @Test(.timeLimit(.minutes(5)), arguments: [128, 256])
  func `being one batch behind costs little`(batchSize: Int) async throws {
    let deep = WideAndDeep(layout: ClickLogFormat.criteo.layout, seed: 1)
    let inTurn = try await Self.timed("in turn \(batchSize)") {
      try await Self.train(deep, batchSize: batchSize)
    }

    for delay in Delay.allCases.dropFirst() {
      let behind = try await Self.timed("\(delay) behind \(batchSize)") {
        try await Self.train(deep, batchSize: batchSize, delay: delay)
      }
      let best = try #require(inTurn.areaUnderCurve(over: inTurn.lastFifth))
      let reached = try #require(behind.areaUnderCurve(over: behind.lastFifth))
      #expect(reached > best - 0.005)
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func `the factorisation machine beats the linear model, too`() async throws {
    let baseline = try await Self.timed("linear", Self.baseline)
    let machine = FactorisationMachine(layout: ClickLogFormat.criteo.layout, seed: 1)

    let scores = try await Self.timed("fm") {
      try await Self.train(machine, batchSize: 128)
    }

    let required = try #require(baseline.areaUnderCurve(over: baseline.lastFifth))
    let reached = try #require(scores.areaUnderCurve(over: scores.lastFifth))
    #expect(reached >= required)
  }
}
