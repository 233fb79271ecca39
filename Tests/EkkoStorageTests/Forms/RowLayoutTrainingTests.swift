import EkkoCore
import EkkoStorage
import Testing

/// Writes to full rows against the optimisers on plain arrays.
@Suite struct RowLayoutTrainingTests {
  private static func schema(_ valueType: ValueType, _ optimiser: Optimiser) -> TableSchema {
    TableSchema(
      name: "t", valueType: valueType, rowLength: 5, optimiser: optimiser,
      initialiser: .uniform(low: -1, high: 1), seed: 4)
  }

  @Test(arguments: OptimiserTests.trained)
  func `a Float32 row learns bit by bit like arrays do`(optimiser: Optimiser) {
    let schema = Self.schema(.float32, optimiser)
    var generator = SplitMix64(seed: 1)
    var row = StoredRow(schema, key: 3, creation: 11)
    var initial = [Float](repeating: 0, count: 5)
    var span = initial.mutableSpan
    schema.initialiser.fill(&span, seed: 4, key: 3)
    var expected = TrainedRow(optimiser, weights: initial)

    #expect(row.weights == initial && row.slots == expected.slots && row.updateCount == 0)
    for step in 1...20 {
      let numbers = (0..<5).map { _ in Float(generator.nextUnit() - 0.5) }
      if step % 7 == 0 {
        row.put(numbers, optimiser)
        expected.put(numbers, optimiser)
        expected.skipUpdate()
      } else {
        row.push(numbers, optimiser)
        expected.push(numbers, optimiser)
      }

      #expect(row.weights == expected.weights && row.slots == expected.slots)
      #expect(row.updateCount == UInt32(step) && row.creation == 11)
    }
    #expect(row.isWellFormed)
  }

  @Test(
    arguments: OptimiserTests.trained, [(ValueType.float16, Float(1e-3)), (.bfloat16, 1e-2)])
  func `a half-precision row works in Float32 and is rounded once per write`(
    optimiser: Optimiser, precision: (ValueType, Float)
  ) {
    let schema = Self.schema(precision.0, optimiser)
    var row = StoredRow(schema)

    for step in 1...10 {
      var expected = TrainedRow(optimiser, weights: row.weights)
      expected.slots = row.slots
      for _ in 1..<step { expected.skipUpdate() }
      let gradient = (0..<5).map { Float($0 - 2) * 0.1 }

      row.push(gradient, optimiser)
      expected.push(gradient, optimiser)

      #expect(row.slots == expected.slots)
      for (stored, exact) in zip(row.weights, expected.weights) {
        #expect(abs(stored - exact) <= precision.1 * max(abs(exact), 1e-3))
      }
    }
    #expect(row.isWellFormed)
  }

  @Test func `a row of scaled bytes is rounded to its scale`() {
    let optimiser = Optimiser.sgd(learningRate: 1)
    var row = StoredRow(Self.schema(.int8, optimiser))
    row.put([1.27, 0.5, -0.25, 0, 0], optimiser)

    row.push([0, 0, 0, -0.1, 0.1], optimiser)

    for (weight, expected) in zip(row.weights, [1.27, 0.5, -0.25, 0.1, -0.1] as [Float]) {
      #expect(abs(weight - expected) <= 0.0051)
    }
    #expect(row.isWellFormed)
  }

  @Test func `a new row of bytes is empty`() {
    let row = StoredRow(TableSchema(name: "t", valueType: .bytes, rowLength: 3))

    #expect(row.value == [] && row.updateCount == 0 && row.isWellFormed)
  }

  @Test func `the count stops at its largest value`() {
    let optimiser = Optimiser.sgd(learningRate: 1)
    var row = StoredRow(Self.schema(.float32, optimiser))
    row.setUpdateCount(.max)

    row.push([0, 0, 0, 0, 0], optimiser)

    #expect(row.updateCount == .max)
  }

  @Test func `lesser forms cannot be trained`() async {
    await #expect(processExitsWith: .failure) {
      var row = StoredRow(RowLayout(TableSchema(name: "t", rowLength: 1), form: .weights)!)
      row.push([1], .sgd(learningRate: 1))
    }
  }
}
