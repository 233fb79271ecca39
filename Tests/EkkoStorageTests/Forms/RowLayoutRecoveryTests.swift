import EkkoCore
import EkkoStorage
import Testing

/// Full rows made of lesser ones.
@Suite struct RowLayoutRecoveryTests {
  private static func schema(
    _ valueType: ValueType, _ optimiser: Optimiser, _ servingForm: ServingForm
  ) -> TableSchema {
    TableSchema(
      name: "t", valueType: valueType, rowLength: 5, optimiser: optimiser,
      initialiser: .uniform(low: -1, high: 1), servingForm: servingForm, seed: 4)
  }

  /// A row that was trained for a while, and what serving data centres hold of it.
  private static func trained(_ schema: TableSchema) -> (full: StoredRow, served: StoredRow) {
    var full = StoredRow(schema, key: 3, creation: 11)
    for step in 0..<9 {
      full.push((0..<5).map { Float(($0 + step) % 4) * 0.3 - 0.4 }, schema.optimiser)
    }
    return (full, full.converted(to: RowLayout(schema, form: schema.servingForm.form)!))
  }

  @Test(
    arguments: OptimiserTests.trained, [ValueType.float32, .float16, .bfloat16, .int8])
  func `weights served in their own type come back bit for bit`(
    optimiser: Optimiser, valueType: ValueType
  ) {
    let schema = Self.schema(valueType, optimiser, .weights)
    let (full, served) = Self.trained(schema)

    let recovered = served.recovered(as: schema)

    #expect(recovered.bytes[full.layout.weightsRange] == full.bytes[full.layout.weightsRange])
    #expect(recovered.creation == 11 && recovered.updateCount == 0)
    #expect(recovered.isWellFormed)
    #expect(recovered.converted(to: served.layout) == served)
  }

  @Test func `quantised weights are not quantised again`() {
    let schema = Self.schema(.int8, .sgd(learningRate: 1), .weights)
    var generator = SplitMix64(seed: 5)
    for _ in 0..<500 {
      var full = StoredRow(schema)
      full.put((0..<5).map { _ in Float(generator.nextUnit() - 0.5) }, schema.optimiser)
      let served = full.converted(to: RowLayout(schema, form: .weights)!)

      let recovered = served.recovered(as: schema)

      #expect(recovered.converted(to: served.layout) == served)
    }
  }

  @Test(arguments: OptimiserTests.trained)
  func `weights served narrower come back rounded as they were served`(optimiser: Optimiser) {
    let schema = Self.schema(.float32, optimiser, .narrow(.float16))
    let (full, served) = Self.trained(schema)

    let recovered = served.recovered(as: schema)

    #expect(recovered.weights == served.weights)
    #expect(recovered.weights != full.weights)
    #expect(recovered.converted(to: served.layout) == served)
  }

  @Test(arguments: OptimiserTests.trained)
  func `the optimiser goes on as from a row with these weights and no past`(optimiser: Optimiser) {
    let schema = Self.schema(.float32, optimiser, .weights)
    var recovered = Self.trained(schema).served.recovered(as: schema)
    var expected = TrainedRow(optimiser, weights: recovered.weights)
    #expect(recovered.slots == expected.slots)

    for _ in 0..<5 {
      recovered.push([1, -1, 0.5, 0, 2], optimiser)
      expected.push([1, -1, 0.5, 0, 2], optimiser)

      #expect(recovered.weights == expected.weights && recovered.slots == expected.slots)
    }
  }

  @Test func `a value of bytes comes back as it was`() {
    let schema = TableSchema(name: "t", valueType: .bytes, rowLength: 9)
    var full = StoredRow(schema, creation: 8)
    full.value = [3, 1, 4, 1, 5]
    let served = full.converted(to: RowLayout(schema, form: .weights)!)

    let recovered = served.recovered(as: schema)

    #expect(recovered == full)
  }
}
