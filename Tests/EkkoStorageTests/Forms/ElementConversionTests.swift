import EkkoCore
import EkkoStorage
import Testing

/// Rows of signed bytes with a scale, against the definition.
@Suite struct ElementConversionTests {
  private static func quantise(_ weights: [Float]) -> (scale: Float, quantised: [Int8], StoredRow) {
    let schema = TableSchema(name: "t", valueType: .int8, rowLength: weights.count)
    var row = StoredRow(RowLayout(schema, form: .weights)!)
    row.weights = weights
    let elements = row.layout.elementsRange
    let scale = (0..<4).reduce(UInt32(0)) {
      $0 | UInt32(row.bytes[elements.lowerBound - 4 + $1]) << (8 * $1)
    }
    return (Float(bitPattern: scale), row.bytes[elements].map { Int8(bitPattern: $0) }, row)
  }

  @Test(arguments: UInt64(0)..<16)
  func `quantisation is that of the definition`(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    for _ in 0..<100 {
      let count = 1 + Int(generator.next() % 40)
      let size = Float(sign: .plus, exponent: Int(generator.next() % 60) - 30, significand: 1)
      let weights = (0..<count).map { _ in Float(generator.nextUnit() * 2 - 1) * size }

      let (scale, quantised, row) = Self.quantise(weights)

      let largest = weights.reduce(0) { max($0, abs($1)) }
      #expect(scale == largest / 127)
      for (weight, whole) in zip(weights, quantised) {
        #expect(Float(whole) == (weight / scale).rounded(.toNearestOrEven))
      }
      for (weight, restored) in zip(weights, row.weights) {
        #expect(abs(weight - restored) <= scale * 0.5001)
      }
    }
  }

  @Test func `ties go to the even number`() {
    let (scale, quantised, _) = Self.quantise([127, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, -127])

    #expect(scale == 1)
    #expect(quantised == [127, 0, 2, 2, 0, -2, -2, -127])
  }

  @Test func `a row of zeros has scale zero and stays zero`() {
    let (scale, quantised, row) = Self.quantise([0, -0.0, 0])

    #expect(scale == 0)
    #expect(quantised == [0, 0, 0])
    #expect(row.weights == [0, 0, 0])
  }

  @Test func `the smallest and largest numbers keep within their range`() {
    // 0x40 to 0xC0 steps of 2⁻¹⁴⁹ have scales of one or two such steps.
    for tiny in [Float.leastNonzeroMagnitude, 0x40p-149, 0x80p-149, 0xBEp-149, 0xC0p-149, 1e-38] {
      let (scale, quantised, row) = Self.quantise([tiny, -tiny])

      #expect(scale.isFinite && quantised.allSatisfy { (-127...127).contains($0) })
      #expect(quantised[0] == -quantised[1])
      #expect(row.weights.allSatisfy { abs($0) <= 1e-37 })
    }
    let largest = Float.greatestFiniteMagnitude
    let (_, quantised, row) = Self.quantise([largest, -largest, 1])

    #expect(quantised == [127, -127, 0])
    #expect(row.weights.allSatisfy { $0.isFinite })
  }

  @Test func `numbers that should not be there neither trap nor spread`() {
    let (scale, quantised, row) = Self.quantise([.nan, .infinity, -.infinity, 0])

    #expect(scale.isFinite)
    #expect(quantised == [127, 127, -127, 0])
    #expect(row.isWellFormed)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity, .greatestFiniteMagnitude])
  func `any stored scale gives finite weights`(scale: Float) {
    var row = Self.quantise([1, -1, 0, 0.5]).2
    let start = row.layout.weightsRange.lowerBound
    for index in 0..<4 {
      row.bytes[start + index] = UInt8(truncatingIfNeeded: scale.bitPattern >> (8 * index))
    }
    row.bytes[start + 4] = 0x80

    #expect(row.weights.allSatisfy { $0.isFinite })
  }

  @Test(arguments: ValueType.allCases.filter { $0.isNumeric }, [1, 2, 3, 4, 5, 17])
  func `padding is zero whatever was there`(valueType: ValueType, count: Int) {
    let schema = TableSchema(name: "t", valueType: valueType, rowLength: count)
    for form in [Form.weights, .full] {
      var row = StoredRow(RowLayout(schema, form: form)!, filling: 0xFF)

      row.weights = (0..<count).map { Float($0) }

      let padding =
        row.layout.elementsRange.upperBound..<row.layout.weightsRange.upperBound
      #expect(row.bytes[padding].allSatisfy { $0 == 0 })
      #expect(row.bytes[..<row.layout.weightsRange.lowerBound].allSatisfy { $0 == 0xFF })
    }
  }

  @Test(arguments: ValueType.allCases.filter { $0.isNumeric })
  func `rows need no alignment to be read and converted`(valueType: ValueType) {
    let schema = TableSchema(name: "t", valueType: valueType, rowLength: 9)
    let layout = RowLayout(schema, form: .weights)!
    let weights = (0..<9).map { Float($0) * 0.25 - 1 }
    var aligned = StoredRow(layout)
    aligned.weights = weights

    for shift in 1..<4 {
      var frame = [UInt8](repeating: 0, count: shift + layout.byteCount)
      var span = frame.mutableSpan
      var raw = span.mutableBytes
      var row = raw._mutatingExtracting(shift..<(shift + layout.byteCount))
      layout.writeWeights(weights.span, into: &row)
      var read = [Float](repeating: .nan, count: 9)
      var readSpan = read.mutableSpan
      layout.readWeights(of: row.bytes, into: &readSpan)

      #expect(Array(frame[(shift + 4)...]) == Array(aligned.bytes[4...]))
      #expect(read == aligned.weights)
    }
  }
}
