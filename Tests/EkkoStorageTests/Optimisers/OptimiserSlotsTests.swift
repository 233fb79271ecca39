import EkkoStorage
import Testing

/// Slots of new rows, and of rows that were overwritten.
@Suite struct OptimiserSlotsTests {
  @Test func `new slots hold what the optimiser starts with`() {
    let slots = { (optimiser: Optimiser) in TrainedRow(optimiser, weights: [0, 0]).slots }

    #expect(slots(.sgd(learningRate: 1)) == [])
    #expect(slots(.adagrad(learningRate: 1, initialAccumulator: 0.5)) == [0.5, 0.5])
    #expect(slots(.rowWiseAdagrad(learningRate: 1, initialAccumulator: 0.5)) == [0.5])
    #expect(slots(.adam()) == [0, 0, 0, 0])
    #expect(slots(.ftrl()) == [0, 0, 0, 0])
  }

  @Test(arguments: [Optimiser.ftrl(alpha: 0.1, l1: 0.3, l2: 0.2), .ftrl(beta: 0, l2: 0.5)])
  func `FTRL keeps initial and overwritten weights at a push without gradient`(
    optimiser: Optimiser
  ) {
    var row = TrainedRow(optimiser, weights: [0.5, -0.25, 0, 3])

    row.push([0, 0, 0, 0], optimiser)

    #expect(Self.isClose(row.weights, [0.5, -0.25, 0, 3]))

    row.push([1, -2, 3, 0.5], optimiser)
    row.put([-7, 0, 0.125, 1e-3], optimiser)
    row.push([0, 0, 0, 0], optimiser)

    #expect(Self.isClose(row.weights, [-7, 0, 0.125, 1e-3]))
  }

  @Test func `a put keeps what is known about past gradients`() {
    for optimiser in OptimiserTests.trained {
      var row = TrainedRow(optimiser, weights: [0.5, 0.25])
      row.push([1, 2], optimiser)
      let before = row.slots

      row.put([0.5, 0.25], optimiser)

      // All slots, but of FTRL only n.
      let kept = optimiser.kind == .ftrl ? 2..<4 : before.indices
      #expect(row.slots[kept] == before[kept])
    }
  }

  private static func isClose(_ left: [Float], _ right: [Float]) -> Bool {
    zip(left, right).allSatisfy { abs($0 - $1) <= 1e-6 * max(1e-3, abs($1)) }
  }
}
