/// Plain FTRL-proximal logistic regression over hashed features (McMahan et al. 2013): what the
/// models are measured against.
///
/// One weight per slot of 2²⁰, no crosses, no regularisation, one row at a time; each row is
/// scored before it is learned. It keeps its parameters to itself: it is a yardstick, not a user
/// of the store.
package struct FollowTheRegularisedLeader: Sendable {
  private static let slotCount = 1 << 20

  private struct Coordinate: Sendable {
    var z: Float = 0
    var n: Float = 0
  }

  private let alpha: Float
  private let beta: Float
  private var coordinates = [Coordinate](repeating: Coordinate(), count: Self.slotCount)
  private var bias = Coordinate()

  package init(alpha: Float = 0.05, beta: Float = 1) {
    self.alpha = alpha
    self.beta = beta
  }

  /// Scores each row of `batch`, learning it before the next; returns the scores.
  package mutating func scoreThenLearn(_ batch: ExampleBatch) -> [Float] {
    var probabilities: [Float] = []
    probabilities.reserveCapacity(batch.count)
    for example in 0..<batch.count {
      let start = example * batch.fieldCount
      let features = batch.features[start..<(start + batch.fieldCount)]
      var logit = self.weight(self.bias)
      for feature in features { logit += self.weight(self.coordinates[Self.slot(of: feature)]) }
      let probability = Sigmoid.probability(ofLogit: logit)
      probabilities.append(probability)
      let gradient = probability - batch.labels[example]
      self.bias = self.updated(self.bias, gradient: gradient)
      for feature in features {
        let slot = Self.slot(of: feature)
        self.coordinates[slot] = self.updated(self.coordinates[slot], gradient: gradient)
      }
    }
    return probabilities
  }

  private static func slot(of feature: UInt64) -> Int {
    Int(truncatingIfNeeded: feature) & (Self.slotCount - 1)
  }

  private func weight(_ coordinate: Coordinate) -> Float {
    -coordinate.z * self.alpha / (self.beta + coordinate.n.squareRoot())
  }

  private func updated(_ coordinate: Coordinate, gradient: Float) -> Coordinate {
    let n = coordinate.n + gradient * gradient
    let sigma = (n.squareRoot() - coordinate.n.squareRoot()) / self.alpha
    return Coordinate(
      z: coordinate.z + gradient - sigma * self.weight(coordinate), n: n)
  }
}
