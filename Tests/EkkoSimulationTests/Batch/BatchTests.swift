import EkkoSimulation
import Synchronization
import Testing

/// Many seeds: in their order, on any number of threads, with what they add up to.
struct BatchTests {
  private static func run(
    _ scenario: FakeScenario, count: Int, threads: Int = 2
  ) -> (summary: BatchSummary, failures: [BatchFailure]) {
    var failures: [BatchFailure] = []
    let summary = Batch(scenario, firstSeed: 10, count: count, threads: threads)
      .run { failures.append($0) }
    return (summary, failures)
  }

  private static let failing = FakeScenario(culprits: { seed in
    seed.isMultiple(of: 40)
      ? FakePlan(seed: seed, faults: [Int(seed % 10)], operations: [7], nodes: []) : nil
  })

  @Test func `two threads come to what one comes to`() {
    let one = Self.run(Self.failing, count: 300, threads: 1)
    let two = Self.run(Self.failing, count: 300, threads: 2)

    #expect(one == two)
    #expect(one.failures.map(\.seed) == [40, 80, 120, 160, 200, 240, 280])
  }

  @Test func `a failure has a line that repeats it`() throws {
    let (summary, failures) = Self.run(Self.failing, count: 100)

    #expect(summary.failed == 2 && !summary.isGood)
    #expect(
      failures.first?.replay
        == "ekko-sim replay --seed 40 --scenario fake "
        + "--without faults:1-9,operations:0-6,8-399,nodes:1-5")
    let failure = try #require(failures.first)
    let again = Self.failing.run(Self.failing.plan(seed: 40).without(failure.omission))
    #expect(again.failure == failure.failure && again.traceHash == failure.traceHash)
    #expect(failure.failure.step == 1)
  }

  @Test func `failures beyond the first few are reported whole`() {
    let (_, failures) = Self.run(Self.failing, count: 300)

    #expect(failures.map(\.omission.isEmpty) == [false, false, false, false, true, true, true])
  }

  @Test func `the usual scenario is not named`() {
    #expect(
      BatchFailure.command(7, PlanOmission(), scenario: BatchFailure.usualScenario)
        == "ekko-sim replay --seed 7")
  }

  @Test func `a summary adds up`() {
    let (summary, _) = Self.run(FakeScenario(), count: 100)

    #expect(summary.seeds == 100 && summary.failed == 0 && summary.firstSeed == 10)
    #expect(summary.faults.map(\.kind) == ["drop", "delay", "never"])
    #expect(summary.faults.map(\.seeds) == [100, 50, 0])
    #expect(summary.faults.map(\.count) == [150, 150, 0])
    #expect(summary.nodes.median == 6 && summary.writes.median == 398)
    #expect(summary.writes.minimum == 396 && summary.kinds.minimum == 1)
    #expect(summary.steps == 40_000 && summary.virtualTime == .seconds(40))
    #expect(summary.coverageMissing == ["never", "replace"])
  }

  @Test func `the trace hash tells the order of seeds`() {
    let (first, _) = Self.run(FakeScenario(), count: 2)
    var turned = BatchSummary(of: FakeScenario.self, firstSeed: 10)
    for seed in [UInt64(11), 10] {
      let scenario = FakeScenario()
      turned.add(scenario.run(scenario.plan(seed: seed)))
    }

    #expect(first.traceHash != turned.traceHash)
  }

  @Test func `of one run the trace hash is its own, and a mistake is planted again`() {
    let (summary, failures) = Self.run(FakeScenario(), count: 1)
    #expect(summary.traceHash == 11 * 410 && failures.isEmpty)

    var outcome = SeedOutcome(seed: 5)
    outcome.failure = .init(invariant: "K1", step: 1, virtualTime: .zero, detail: "")
    let failure = BatchFailure(outcome, without: PlanOmission(), scenario: "cluster")
    #expect(failure?.planting("rowTorn").replay == "ekko-sim replay --seed 5 --planted rowTorn")
  }

  @Test func `what was hardly reached fails a large batch only`() {
    #expect(Self.run(FakeScenario(), count: 999).summary.isGood)
    #expect(!Self.run(FakeScenario(), count: 1000).summary.isGood)
  }

  @Test func `a stray task fails a batch`() {
    var outcome = SeedOutcome(seed: 1)
    outcome.strayTasks = 1
    var summary = BatchSummary(of: FakeScenario.self, firstSeed: 1)
    summary.add(outcome)

    #expect(!summary.isGood)
  }

  @Test func `progress counts up by one`() {
    let seen = Mutex<[[Int]]>([])

    _ = Batch(Self.failing, firstSeed: 40, count: 130).run(
      onProgress: { seeds, failed in seen.withLock { $0.append([seeds, failed]) } },
      onFailure: { _ in })

    #expect(seen.withLock { $0.map { $0[0] } } == Array(1...130))
    #expect(seen.withLock { $0.last } == [130, 4])
  }

  @Test func `work is done once each and answered in order`() {
    let calls = Atomic(0)

    let answers = Workers.map(Array(0..<1000), threads: 3) { number in
      calls.add(1, ordering: .relaxed)
      return number * 2
    }

    #expect(answers == (0..<1000).map { $0 * 2 })
    #expect(calls.load(ordering: .relaxed) == 1000)
    #expect(Workers.map([Int](), threads: 2) { $0 } == [])
  }
}
