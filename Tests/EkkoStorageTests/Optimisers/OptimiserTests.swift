import EkkoCore
import EkkoStorage
import Testing

/// A row outside of any store: weights, slots and a number of updates.
struct TrainedRow {
  var weights: [Float]
  var slots: [Float]
  private var updates: UInt32 = 0

  init(_ optimiser: Optimiser, weights: [Float]) {
    self.weights = weights
    self.slots = [Float](
      repeating: .nan, count: optimiser.slotFloatCount(rowLength: weights.count))
    var span = self.slots.mutableSpan
    optimiser.initialiseSlots(&span, weights: weights.span)
  }

  mutating func push(_ gradient: [Float], _ optimiser: Optimiser) {
    self.updates += 1
    // Copies, because spans into two properties of one value would overlap.
    var (weights, slots) = (self.weights, self.slots)
    var weightSpan = weights.mutableSpan
    var slotSpan = slots.mutableSpan
    optimiser.apply(
      gradient: gradient.span, weights: &weightSpan, slots: &slotSpan, update: self.updates)
    (self.weights, self.slots) = (weights, slots)
  }

  /// Counts a write that was no push.
  mutating func skipUpdate() { self.updates += 1 }

  mutating func put(_ weights: [Float], _ optimiser: Optimiser) {
    self.weights = weights
    var slots = self.slots.mutableSpan
    optimiser.alignSlots(&slots, with: weights.span)
  }
}

/// The five updates against numbers of an independent program, and at their limits.
@Suite struct OptimiserTests {
  static let trained: [Optimiser] = [
    .sgd(learningRate: 0.1), .adagrad(learningRate: 0.1), .rowWiseAdagrad(learningRate: 0.1),
    .adam(learningRate: 0.01), .ftrl(alpha: 0.1, beta: 1, l1: 0.2, l2: 0.5),
  ]

  /// Eleven weights u − ½ (for FTRL zeros) after twenty gradients u − ½, with u the upper 24 bits
  /// of successive SplitMix64 outputs from seed 42. Element 3 has no gradient, element 5 has one at
  /// even steps only. Computed by numpy in float32 from the textbook formulas:
  ///
  ///     sgd:      w -= lr*g
  ///     adagrad:  n += g*g;        w -= lr*g/(sqrt(n) + eps)                  (row-wise: mean(g*g))
  ///     adam:     m = b1*m + (1-b1)*g; v = b2*v + (1-b2)*g*g
  ///               w -= lr*(m/(1-b1**t))/(sqrt(v/(1-b2**t)) + eps)
  ///     ftrl:     s = (sqrt(n+g*g) - sqrt(n))/alpha; z += g - s*w; n += g*g
  ///               w = 0 if abs(z) <= l1 else -(z - sign(z)*l1)/((beta + sqrt(n))/alpha + l2)
  static let oracle: [[Float]] = [
    [
      -0.15173332, -0.4174073, -0.2095752, -0.15580934, -0.4015014, 0.24627389, -0.059020884,
      0.2361119, -0.0633631, -0.14376463, -0.33402306,
    ],
    [
      -0.22987759, -0.449639, -0.12980834, -0.15580934, -0.36303145, 0.15951045, -0.11458286,
      0.2773465, -0.090315506, -0.14639862, -0.3176512,
    ],
    [
      -0.21852355, -0.42529994, -0.1257042, -0.15580934, -0.35925454, 0.18520725, -0.07434019,
      0.30104545, -0.062735006, -0.2076596, -0.29959062,
    ],
    [
      0.11899983, -0.3816327, -0.18420671, -0.15580934, -0.4313907, 0.28610533, -0.23004109,
      0.31983185, -0.1496051, 0.037246525, -0.29534397,
    ],
    [
      -0.19225127, -0.030012727, 0.01210417, 0, 0.023033043, -0.06374236, 0.088622, -0.016671592,
      0.03615631, -0.115368515, -0.009146773,
    ],
  ]

  @Test(arguments: zip(trained, oracle))
  func `twenty updates give the oracle's numbers`(optimiser: Optimiser, expected: [Float]) {
    var generator = SplitMix64(seed: 42)
    let draw = { Float(generator.next() >> 40) * 0x1p-24 - 0.5 }
    var weights = (0..<11).map { _ in draw() }
    if optimiser.kind == .ftrl { weights = weights.map { _ in 0 } }
    var row = TrainedRow(optimiser, weights: weights)

    for step in 1...20 {
      var gradient = (0..<11).map { _ in draw() }
      gradient[3] = 0
      if step % 2 == 1 { gradient[5] = 0 }
      row.push(gradient, optimiser)
    }

    // Relative to the row's size: after twenty roundings small elements have lost digits to the
    // large ones they were differences of.
    let size = expected.reduce(0) { max($0, abs($1)) }
    for (weight, number) in zip(row.weights, expected) {
      #expect(abs(weight - number) <= 1e-6 * size)
    }
  }

  @Test(arguments: trained) func `an element does not depend on its place`(optimiser: Optimiser) {
    for length in [1, 2, 7, 8, 9, 16, 33] {
      var row = TrainedRow(optimiser, weights: [Float](repeating: 0.25, count: length))
      for step in 1...5 {
        row.push([Float](repeating: 0.1 * Float(step), count: length), optimiser)
      }

      #expect(Set(row.weights).count == 1)
      #expect(row.weights[0] < 0.25)
      #expect(row.slots.allSatisfy { $0.isFinite })
    }
  }

  @Test func `row-wise accumulation is the mean of squares for every length`() {
    let optimiser = Optimiser.rowWiseAdagrad(learningRate: 1, initialAccumulator: 0)
    for length in 1...40 {
      let gradient = (1...length).map { Float($0) }
      var row = TrainedRow(optimiser, weights: [Float](repeating: 0, count: length))

      row.push(gradient, optimiser)

      // Sums of squares below 2²⁴ are exact in any order.
      let mean = gradient.reduce(0) { $0 + $1 * $1 } / Float(length)
      #expect(row.slots == [mean])
    }
  }

  @Test func `without an optimiser a push changes nothing`() {
    var row = TrainedRow(.none, weights: [1, 2])

    row.push([1, 1], .none)

    #expect(row.weights == [1, 2])
    #expect(!Optimiser.none.acceptsPush)
    #expect(Self.trained.allSatisfy { $0.acceptsPush })
  }

  @Test func `Adam's first step has the length of the learning rate, however often it counts`() {
    let optimiser = Optimiser.adam(learningRate: 0.01)
    for update in [UInt32(0), 1] {
      var (weights, slots): ([Float], [Float]) = ([0, 0], [0, 0, 0, 0])
      var weightSpan = weights.mutableSpan
      var slotSpan = slots.mutableSpan
      optimiser.apply(
        gradient: ([3, -0.5] as [Float]).span, weights: &weightSpan, slots: &slotSpan,
        update: update)

      #expect(abs(weights[0] + 0.01) < 1e-8 && abs(weights[1] - 0.01) < 1e-8)
    }
  }

  @Test(arguments: [
    (Float(0.9), Float(0.999), UInt32(1)), (0.9, 0.999, 2), (0.9, 0.999, 2048),
    (0.9, 0.999, 65_537), (0, 0.5, 3), (0.999_999_9, 0.999_999_9, 100_000), (0.9, 0.999, .max),
  ])
  func `Adam's bias correction is that of the update count`(
    beta1: Float, beta2: Float, update: UInt32
  ) {
    let optimiser = Optimiser.adam(learningRate: 1, beta1: beta1, beta2: beta2, epsilon: 1e-20)
    var (weights, slots): ([Float], [Float]) = ([0], [0.5, 0.25])
    var weightSpan = weights.mutableSpan
    var slotSpan = slots.mutableSpan

    optimiser.apply(
      gradient: ([0] as [Float]).span, weights: &weightSpan, slots: &slotSpan, update: update)

    // Plain repeated multiplication, stopped where it has become zero.
    let power = { (base: Float) in
      var result = 1.0
      for _ in 0..<update {
        result *= Double(base)
        if result < 1e-40 { break }
      }
      return result
    }
    let mean = Double(slots[0]) / (1 - power(beta1))
    let variance = Double(slots[1]) / (1 - power(beta2))
    let expected = -mean / variance.squareRoot()
    #expect(abs(Double(weights[0]) - expected) <= 1e-6 * abs(expected))
  }

  @Test func `FTRL without any regularisation leaves an untouched zero at zero`() {
    let optimiser = Optimiser.ftrl(beta: 0)
    var row = TrainedRow(optimiser, weights: [0])

    row.push([0], optimiser)

    #expect(row.weights == [0] && row.slots == [0, 0])
  }

  @Test func `decayed moments become zero instead of denormal`() {
    let optimiser = Optimiser.adam(beta1: 0.5, beta2: 0.5)
    var row = TrainedRow(optimiser, weights: [1])
    row.push([1], optimiser)

    for _ in 0..<200 {
      row.push([0], optimiser)
      #expect(row.slots.allSatisfy { $0 == 0 || $0 >= 1e-35 })
    }

    #expect(row.slots == [0, 0])
  }

  /// Every combination of extreme finite numbers, several times over.
  @Test(
    arguments: trained + [
      .sgd(learningRate: 1e6), .adagrad(learningRate: 1e6, initialAccumulator: 0, epsilon: 1e-20),
      .rowWiseAdagrad(learningRate: 1e-12, initialAccumulator: 0, epsilon: 1e-20),
      .adam(learningRate: 1e6, beta1: 0.999_999_9, beta2: 0, epsilon: 1e-20),
      .adam(learningRate: 1e-12, beta1: 0, beta2: 0.999_999_9, epsilon: 1),
      .ftrl(alpha: 1e-12, beta: 0, l1: 0, l2: 0), .ftrl(alpha: 1e6, beta: 0, l1: 1e12, l2: 1e12),
    ])
  func `finite gradients give finite rows`(optimiser: Optimiser) {
    let largest = Float.greatestFiniteMagnitude
    let extremes: [Float] = [
      0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, 1e-20, 1, -1, 1e19, -1e19,
      largest, -largest,
    ]
    for start in extremes {
      for first in extremes {
        var row = TrainedRow(optimiser, weights: [start])
        row.push([first], optimiser)
        for second in extremes { row.push([second], optimiser) }

        #expect(row.weights[0].isFinite && row.slots.allSatisfy { $0.isFinite })
      }
    }
  }
}
