import EkkoCore
import EkkoRecommender
import Foundation
import Testing

@Suite struct FollowTheRegularisedLeaderTests {
  private static let layout = ExampleLayout(
    fields: ["a", "b"], numberCount: 0, crosses: [], itemField: nil)

  private static func batch(seed: UInt64, count: Int) -> ExampleBatch {
    var generator = SplitMix64(seed: seed)
    var batch = ExampleBatch(layout: Self.layout)
    for _ in 0..<count {
      let features = [generator.next() % 5, 100 + generator.next() % 3]
      batch.append(ClickExample(label: Float(generator.next() % 2), features: features))
    }
    return batch
  }

  /// The paper's algorithm in double precision, per-coordinate, over a dictionary.
  private static func reference(_ batch: ExampleBatch) -> [Double] {
    let (alpha, beta) = (0.05, 1.0)
    var z: [UInt64: Double] = [:]
    var n: [UInt64: Double] = [:]
    return (0..<batch.count).map { index in
      let example = batch[index]
      let keys = example.features + [.max]
      let weights = keys.map { -z[$0, default: 0] / ((beta + sqrt(n[$0, default: 0])) / alpha) }
      let probability = 1 / (1 + exp(-weights.reduce(0, +)))
      let gradient = probability - Double(example.label)
      for (key, weight) in zip(keys, weights) {
        let old = n[key, default: 0]
        let sigma = (sqrt(old + gradient * gradient) - sqrt(old)) / alpha
        z[key, default: 0] += gradient - sigma * weight
        n[key] = old + gradient * gradient
      }
      return probability
    }
  }

  @Test func `scores are those of the algorithm in double precision`() {
    let batch = Self.batch(seed: 3, count: 300)
    var regression = FollowTheRegularisedLeader()

    let scores = regression.scoreThenLearn(batch)

    for (score, expected) in zip(scores, Self.reference(batch)) {
      #expect(abs(Double(score) - expected) < 1e-4)
    }
  }

  @Test func `cutting the rows into batches changes nothing`() {
    let batch = Self.batch(seed: 4, count: 50)
    var whole = FollowTheRegularisedLeader()
    var cut = FollowTheRegularisedLeader()

    let expected = whole.scoreThenLearn(batch)
    var scores: [Float] = []
    for index in 0..<50 {
      var single = ExampleBatch(layout: Self.layout)
      single.append(batch[index])
      scores += cut.scoreThenLearn(single)
    }

    #expect(scores == expected)
    #expect(scores[0] == 0.5)
  }
}
