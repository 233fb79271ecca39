import EkkoCore
import EkkoStorage
import Testing

/// One (version, form) means one value: lesser forms as pure functions of the full row.
@Suite struct RowLayoutConversionTests {
  static let pairs: [(ValueType, ValueType)] = [
    (.float32, .float16), (.float32, .bfloat16), (.float32, .int8), (.float16, .int8),
    (.bfloat16, .int8),
  ]

  private static func schema(_ trained: ValueType, _ served: ValueType) -> TableSchema {
    TableSchema(
      name: "t", valueType: trained, rowLength: 7, optimiser: .adagrad(learningRate: 0.1),
      initialiser: .normal(standardDeviation: 1), servingForm: .narrow(served))
  }

  @Test(arguments: pairs)
  func `the narrow form is that of the stored weights`(trained: ValueType, served: ValueType) {
    let schema = Self.schema(trained, served)
    let narrowLayout = RowLayout(schema, form: .narrow)!
    for key in UInt64(0)..<50 {
      let full = StoredRow(schema, key: key)

      let weights = full.converted(to: RowLayout(schema, form: .weights)!)
      let narrow = full.converted(to: narrowLayout)

      var expected = StoredRow(narrowLayout)
      expected.weights = full.weights
      #expect(narrow.bytes[4...] == expected.bytes[4...])
      #expect(weights.converted(to: narrowLayout) == narrow)
      #expect(weights.weights == full.weights)
      #expect(narrow.creation == 7 && weights.creation == 7)
      #expect(narrow.isWellFormed && weights.isWellFormed)
      #expect(narrow.converted(to: narrowLayout) == narrow)
      #expect(full.converted(to: full.layout) == full)
    }
  }

  @Test func `count and slots do not reach lesser forms`() {
    let schema = Self.schema(.float32, .int8)
    var full = StoredRow(schema)
    let before = Form.allCases.dropLast().map {
      full.converted(to: RowLayout(schema, form: $0)!)
    }

    full.setUpdateCount(99)
    for place in full.layout.slotsRange { full.bytes[place] = 1 }

    let after = Form.allCases.dropLast().map { full.converted(to: RowLayout(schema, form: $0)!) }
    #expect(before == after)
  }

  @Test func `values of bytes cross forms unchanged`() {
    let schema = TableSchema(name: "t", valueType: .bytes, rowLength: 6)
    var full = StoredRow(schema)
    full.value = [1, 2, 3]

    let weights = full.converted(to: RowLayout(schema, form: .weights)!)

    #expect(weights.value == [1, 2, 3])
    #expect(weights.isWellFormed)
  }

  @Test(arguments: pairs, UInt64(0)..<8)
  func `hostile full rows convert to well-formed narrow ones`(
    pair: (ValueType, ValueType), seed: UInt64
  ) {
    let schema = Self.schema(pair.0, pair.1)
    var generator = SplitMix64(seed: seed)
    for _ in 0..<200 {
      var full = StoredRow(RowLayout(schema, form: .full)!)
      for place in full.bytes.indices {
        full.bytes[place] = UInt8(truncatingIfNeeded: generator.next())
      }

      #expect(full.converted(to: RowLayout(schema, form: .narrow)!).isWellFormed)
    }
  }

  @Test func `a fuller form cannot be made from a lesser one`() async {
    await #expect(processExitsWith: .failure) {
      let schema = TableSchema(name: "t", rowLength: 1)
      let weights = StoredRow(RowLayout(schema, form: .weights)!)
      _ = weights.converted(to: RowLayout(schema, form: .full)!)
    }
  }

  @Test func `a row of another size is refused`() async {
    await #expect(processExitsWith: .failure) {
      var row = StoredRow(RowLayout(TableSchema(name: "t", rowLength: 2), form: .weights)!)
      row.bytes.removeLast()
      _ = row.weights
    }
  }
}
