import EkkoCore
import EkkoStorage
import Testing

/// Half-precision elements against the language's own and against the definition.
@Suite struct WeightElementTests {
  private static func row(_ valueType: ValueType, count: Int) -> StoredRow {
    let schema = TableSchema(name: "t", valueType: valueType, rowLength: count)
    return StoredRow(RowLayout(schema, form: .weights)!)
  }

  /// All 65,536 patterns as the elements of one row.
  private static func decodeAll(_ valueType: ValueType) -> [Float] {
    var row = Self.row(valueType, count: 65_536)
    let start = row.layout.elementsRange.lowerBound
    for bits in 0..<65_536 {
      row.bytes[start + 2 * bits] = UInt8(bits & 0xFF)
      row.bytes[start + 2 * bits + 1] = UInt8(bits >> 8)
    }
    return row.weights
  }

  private static func encode(_ values: [Float], _ valueType: ValueType) -> [UInt16] {
    var row = Self.row(valueType, count: values.count)
    row.weights = values
    let start = row.layout.elementsRange.lowerBound
    return values.indices.map {
      UInt16(row.bytes[start + 2 * $0]) | UInt16(row.bytes[start + 2 * $0 + 1]) << 8
    }
  }

  /// Numbers of all magnitudes, and the neighbourhood of each half-precision number.
  private static func samples(seed: UInt64) -> [Float] {
    var generator = SplitMix64(seed: seed)
    var values: [Float] = [
      0, -0.0, 65_504, -65_504, 65_519, 65_520, 65_536, 1e30, .greatestFiniteMagnitude,
      -.greatestFiniteMagnitude, .leastNonzeroMagnitude, 0x1p-24, 0x1p-25, 0x1.8p-25, 0x1p-14,
      0x1.FFCp-15, 0x1.FFEp-15, 0x1.FFFp-15, 0x1.FFFp-1, .infinity, -.infinity,
    ]
    for _ in 0..<20_000 {
      let near = Float(Float16(bitPattern: UInt16(truncatingIfNeeded: generator.next())))
      let bits = near.bitPattern &+ UInt32(generator.next() % 0x4001) &- 0x2000
      values.append(Float(bitPattern: bits))
      values.append(Float(bitPattern: UInt32(truncatingIfNeeded: generator.next())))
    }
    return values.filter { !$0.isNaN }
  }

  @Test func `every binary16 pattern decodes like the language's own`() {
    for (bits, value) in Self.decodeAll(.float16).enumerated() {
      let expected = Float(Float16(bitPattern: UInt16(bits)))
      #expect(value.bitPattern == expected.bitPattern || value.isNaN && expected.isNaN)
    }
  }

  @Test(arguments: UInt64(0)..<4)
  func `numbers become the nearest binary16 and saturate`(seed: UInt64) {
    let values = Self.samples(seed: seed)

    let encoded = Self.encode(values, .float16)

    for (value, bits) in zip(values, encoded) {
      let expected = Float16(min(max(value, -65_504), 65_504)).bitPattern
      #expect(bits == expected, "\(value)")
    }
  }

  @Test func `every bfloat16 pattern is the upper half of its Float32`() {
    for (bits, value) in Self.decodeAll(.bfloat16).enumerated() {
      #expect(value.bitPattern == UInt32(bits) << 16)
    }
  }

  @Test(arguments: UInt64(0)..<4)
  func `numbers become the nearest bfloat16, ties to even, and saturate`(seed: UInt64) {
    let ties: [Float] = [0x3F80_8000, 0x3F81_8000, 0x3F80_8001, 0x3F80_7FFF, 0x0000_8000].map {
      Float(bitPattern: $0)
    }
    let values = Self.samples(seed: seed) + ties

    let encoded = Self.encode(values, .bfloat16)

    for (value, bits) in zip(values, encoded) {
      let largest = Float(bitPattern: 0x7F7F_0000)
      let clamped = Double(min(max(value, -largest), largest))
      // The two neighbours around the number, compared at a precision where nothing rounds.
      let below = UInt16(Float(clamped).bitPattern >> 16)
      let above = min(below & 0x7FFF + 1, 0x7F7F) | below & 0x8000
      let distance = { (bits: UInt16) in
        abs(Double(Float(bitPattern: UInt32(bits) << 16)) - clamped)
      }
      let isTie = distance(below) == distance(above)
      let takesBelow = isTie ? below & 1 == 0 : distance(below) < distance(above)
      #expect(bits == (takesBelow || below == above ? below : above), "\(value)")
    }
  }

  @Test(arguments: [(ValueType.float16, UInt16(0x7BFF)), (.bfloat16, 0x7F7F)])
  func `not-a-number becomes the largest number`(valueType: ValueType, largest: UInt16) {
    let values = [Float.nan, -.nan, .signalingNaN, .infinity]

    #expect(Self.encode(values, valueType) == [largest, largest, largest, largest])
  }

  @Test(arguments: [ValueType.float16, .bfloat16])
  func `a decoded number encodes to itself`(valueType: ValueType) {
    let values = Self.decodeAll(valueType)

    let encoded = Self.encode(values, valueType)

    for bits in 0..<65_536 where values[bits].isFinite { #expect(encoded[bits] == bits) }
  }
}
