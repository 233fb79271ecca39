import EkkoNode
import Testing

@testable import EkkoBenchmark

@Suite struct MeasurementTests {
  @Test func `samples tell their median and their ends`() {
    let odd = Samples([3, 1, 2])
    #expect(odd.median == 2 && odd.low == 1 && odd.high == 3 && odd.count == 3)
    #expect(Samples([4, 1, 2, 3]).median == 2.5)
    #expect(Samples([7]).median == 7)
  }

  @Test func `a quantile is a sample, and that many are not above it`() {
    let samples = Samples((1...200).map(Double.init))
    #expect(samples.quantile(0.99) == 198)
    #expect(samples.quantile(0.5) == 100)
    #expect(samples.quantile(0) == 1 && samples.quantile(1) == 200)
    #expect(Samples([7]).quantile(0.99) == 7)
  }

  @Test func `settings may be words`() {
    let measurement = Measurement(
      "replicate", "sockets", .visibleTail, Samples([2.5]), [.init("workload", "hot")])
    #expect(measurement.json.line.hasSuffix("\"config\":{\"workload\":\"hot\",\"repeats\":1}}"))
    #expect(measurement.textLine.contains("workload hot"))
  }

  @Test func `a line has the fields of the design, in their order`() {
    let measurement = Measurement(
      "store", "overwrite", .rowsPerSecond, Samples([2, 1, 3]),
      [Measurement.Setting("shards", 128), Measurement.Setting("cores", 1)])
    #expect(
      measurement.json.line
        == "{\"experiment\":\"store\",\"case\":\"overwrite\",\"metric\":\"rows_per_second\","
        + "\"value\":2.0,\"low\":1.0,\"high\":3.0,\"unit\":\"rows/s\","
        + "\"config\":{\"shards\":128,\"cores\":1,\"repeats\":3}}")
  }

  @Test func `a small store is measured whole`() async throws {
    var experiment = StoreExperiment()
    experiment.keyCount = 20_000
    experiment.rowLength = 4
    experiment.shardCounts = [3]
    experiment.coreCounts = [1, 2]
    experiment.repeats = 1
    experiment.batchCount = 4
    experiment.cache.rowCount = 1000
    experiment.cache.updateCount = 32_000
    experiment.cache.selectionRowCounts = [1000, 5000]
    experiment.cache.selectedCount = 300
    experiment.cache.answerCount = 3
    var lines: [Measurement] = []

    try await experiment.run { lines.append($0) }

    for cores in [1, 2] {
      let cases = lines.filter { $0.configuration.contains(.init("cores", cores)) }
      #expect(
        Set(cases.map(\.testCase)) == [
          "insert", "overwrite", "lookup", "random-write-limit", "random-read-limit",
          "first-touch-limit",
        ])
      // Memory may be that of an earlier run.
      #expect(cases.allSatisfy { $0.metric == .overheadBytesPerRow || $0.samples.low > 0 })
    }
    let rest = lines.filter {
      [.scalingOfLimit, .upkeepPerUpdate, .selectionPerRow, .selectionGrowth].contains($0.metric)
    }
    #expect(
      rest.map(\.metric) == [
        .scalingOfLimit, .upkeepPerUpdate, .selectionPerRow, .selectionPerRow, .selectionGrowth,
      ])
    #expect(rest.allSatisfy { $0.samples.low > 0 && $0.samples.high < 1e6 })
    let (scaling, limit) = (rest[0], [1, 2].map { Self.rate(of: "random-write-limit", $0, lines) })
    let own = [1, 2].map { Self.rate(of: "overwrite", $0, lines) }
    #expect(abs(scaling.samples.median - own[1] / own[0] / (limit[1] / limit[0])) < 1e-9)
  }

  private static func rate(of testCase: String, _ cores: Int, _ lines: [Measurement]) -> Double {
    lines.first {
      $0.testCase == testCase && $0.metric == .rowsPerSecond
        && $0.configuration.contains(.init("cores", cores))
    }?.samples.median ?? 0
  }

  @Test func `what was measured on one number of cores says nothing of scaling`() async throws {
    var experiment = StoreExperiment()
    experiment.keyCount = 10_000
    experiment.rowLength = 4
    experiment.shardCounts = [3]
    experiment.coreCounts = [2]
    experiment.repeats = 2
    experiment.batchCount = 2
    experiment.cache.rowCount = 1000
    experiment.cache.updateCount = 3200
    experiment.cache.selectionRowCounts = [1000]
    experiment.cache.selectedCount = 1000
    experiment.cache.answerCount = 1
    var metrics: Set<Metric> = []

    try await experiment.run { metrics.insert($0.metric) }

    #expect(metrics.isDisjoint(with: [.scalingOfLimit, .selectionGrowth]))
    #expect(metrics.isSuperset(of: [.upkeepPerUpdate, .selectionPerRow]))
  }
}
