import EkkoRecommender
import Testing

@Suite struct ProgressiveScoresTests {
  @Test func `log-loss is the mean negative log of the probability of what happened`() throws {
    let loss = try #require(
      LogLoss.of(probabilities: [0.5, 0.25, 0.9][...], labels: [1, 0, 1][...]))

    // (ln 2 + ln 4/3 + ln 10/9) ÷ 3
    #expect(abs(loss - 0.362063) < 1e-6)
    #expect(LogLoss.of(probabilities: [], labels: []) == nil)
  }

  @Test func `a sure mistake has a finite loss`() throws {
    let loss = try #require(LogLoss.of(probabilities: [0, 1][...], labels: [1, 0][...]))

    #expect(loss > 15 && loss < 17)
  }

  @Test(arguments: [(0, 0..<0), (1, 0..<1), (5, 4..<5), (9, 7..<9), (82_283, 65_826..<82_283)])
  func `the last fifth begins at four fifths rounded down`(count: Int, range: Range<Int>) {
    var scores = ProgressiveScores()
    scores.append(
      probabilities: [Float](repeating: 0.5, count: count),
      labels: [Float](repeating: 0, count: count))

    #expect(scores.lastFifth == range)
  }

  @Test func `ranges are scored on their own rows`() throws {
    var scores = ProgressiveScores()
    scores.append(probabilities: [0.9, 0.1], labels: [0, 1])
    scores.append(probabilities: [0.9, 0.1], labels: [1, 0])

    #expect(scores.areaUnderCurve(over: 0..<2) == 0)
    #expect(scores.areaUnderCurve(over: 2..<4) == 1)
    #expect(scores.areaUnderCurve(over: scores.all) == 0.5)
    let middle = try #require(scores.logLoss(over: 2..<4))
    #expect(abs(middle - 0.105361) < 1e-6)
  }
}
