import EkkoCore
import Testing

@testable import EkkoSimulation

/// Growing clusters under an even load.
@Suite(.timeLimit(.minutes(5))) struct ScaleScenarioTests {
  private static var small: ScaleShape {
    var shape = ScaleShape(dataCentres: 2)
    shape.replicas = 3
    shape.shards = 4
    shape.updatesPerSecond = 200
    shape.load = .seconds(1)
    shape.keys = 100
    return shape
  }

  @Test func `every update comes to every replica, at its price`() throws {
    let report = try ScaleScenario.run(Self.small, seed: 3)

    #expect(report.isComplete && report.updates == 200)
    // Latencies are drawn up to an eighth around their mean.
    #expect(report.delay.median > .milliseconds(30) && report.delay.median < .milliseconds(120))
    #expect(report.delay.p99 >= report.delay.median && report.delay.p99 < .milliseconds(250))
    #expect(report.wire.p99 > .milliseconds(32) && report.wire.p99 < .milliseconds(35))
    #expect(report.latencyMean >= .milliseconds(30))
    for link in [report.downlink, report.primaryUplink, report.relayUplink] {
      // Rows that are superseded before they were pulled are not sent.
      #expect(try #require(link).ratio > 0.6)
      #expect(try #require(link).ratio < 6)
    }
    #expect(report.primaryUplink.lowerBound == 3 * 200 * 280)
  }

  @Test func `a seed gives the same run again`() throws {
    let first = try ScaleScenario.run(Self.small, seed: 5)
    let second = try ScaleScenario.run(Self.small, seed: 5)

    #expect(first.steps == second.steps && first.downlink.byteCount == second.downlink.byteCount)
  }

  @Test func `data centres form a tree, and nodes pull from their first`() {
    let shape = ScaleShape(dataCentres: 100)

    #expect(shape.source(of: 0) == nil)
    #expect(shape.source(of: 9) == 0 && shape.source(of: 10) == 0 && shape.source(of: 19) == 10)
    #expect(shape.source(of: 100) == 0 && shape.source(of: 110) == 10)
    #expect(shape.readers.max() == 19 && shape.readers.reduce(0, +) == 999)
  }

  @Test func `quantiles are those of a sorted list`() {
    var generator = SplitMix64(seed: 9)
    var histogram = DelayHistogram()
    let times = (0..<1000).map { _ in Int64(generator.below(50_000)) * 10_000 }
    for time in times { histogram.add(time) }

    let sorted = times.sorted()
    for share in [0.01, 0.5, 0.99, 1] {
      let place = Int((1000 * share).rounded(.up)) - 1
      #expect(histogram.quantile(share) == .nanoseconds(sorted[place]))
    }
    #expect(histogram.mean == .nanoseconds(times.reduce(0, +) / 1000))
    #expect(DelayHistogram().quantile(0.5) == .zero)
  }
}
