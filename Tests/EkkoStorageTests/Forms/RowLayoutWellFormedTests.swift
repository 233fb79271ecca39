import EkkoCore
import EkkoStorage
import Testing

/// Which rows of a peer may be stored.
@Suite struct RowLayoutWellFormedTests {
  private static func schema(_ valueType: ValueType) -> TableSchema {
    TableSchema(
      name: "t", valueType: valueType, rowLength: 19,
      optimiser: valueType.isNumeric ? .adam() : .none,
      initialiser: valueType.isNumeric ? .normal(standardDeviation: 1) : .zeros)
  }

  @Test(arguments: ValueType.allCases)
  func `rows that were written here are well-formed`(valueType: ValueType) {
    for key in UInt64(0)..<20 {
      let row = StoredRow(Self.schema(valueType), key: key)

      #expect(row.isWellFormed)
      #expect(row.converted(to: RowLayout(Self.schema(valueType), form: .weights)!).isWellFormed)
    }
  }

  /// Writes little-endian bits over a field and judges the row.
  private static func isWellFormed<Bits: FixedWidthInteger>(
    _ valueType: ValueType, at offset: Int, _ bits: Bits
  ) -> Bool {
    var row = StoredRow(Self.schema(valueType))
    for index in 0..<MemoryLayout<Bits>.size {
      row.bytes[offset + index] = UInt8(truncatingIfNeeded: bits >> (8 * index))
    }
    return row.isWellFormed
  }

  @Test func `special numbers are noticed at every element and slot`() throws {
    for valueType in ValueType.allCases where valueType.isNumeric {
      let layout = try #require(RowLayout(Self.schema(valueType), form: .full))
      for offset in stride(from: layout.slotsRange.lowerBound, to: layout.byteCount, by: 4) {
        for special in [Float.nan, .infinity, -.infinity, .signalingNaN] {
          #expect(!Self.isWellFormed(valueType, at: offset, special.bitPattern))
        }
        #expect(
          Self.isWellFormed(valueType, at: offset, (-Float.greatestFiniteMagnitude).bitPattern))
      }
      for index in 0..<19 {
        let offset = layout.elementsRange.lowerBound + index * valueType.elementByteCount
        let (bad, good): ([UInt32], [UInt32]) =
          switch valueType {
          case .float16: ([0x7C00, 0xFC00, 0x7C01, 0xFFFF], [0x7BFF, 0xFBFF])
          case .bfloat16: ([0x7F80, 0xFF80, 0x7F81, 0xFFFF], [0x7F7F, 0xFF7F])
          case .int8: ([0x80], [0x7F, 0x81])
          case .float32, .bytes: ([0x7F80_0000, 0xFF80_0001], [0x7F7F_FFFF, 0xFF7F_FFFF])
          }
        for bits in bad {
          #expect(!Self.isWellFormed(valueType, width: valueType.elementByteCount, offset, bits))
        }
        for bits in good {
          #expect(Self.isWellFormed(valueType, width: valueType.elementByteCount, offset, bits))
        }
      }
    }
  }

  private static func isWellFormed(
    _ valueType: ValueType, width: Int, _ offset: Int, _ bits: UInt32
  ) -> Bool {
    switch width {
    case 1: Self.isWellFormed(valueType, at: offset, UInt8(truncatingIfNeeded: bits))
    case 2: Self.isWellFormed(valueType, at: offset, UInt16(truncatingIfNeeded: bits))
    default: Self.isWellFormed(valueType, at: offset, bits)
    }
  }

  @Test(arguments: [Float.nan, .infinity, -1, -0.0])
  func `a scale is finite and has no sign`(scale: Float) {
    #expect(!Self.isWellFormed(.int8, at: 8, scale.bitPattern))
    #expect(Self.isWellFormed(.int8, at: 8, Float(0).bitPattern))
  }

  @Test(arguments: [ValueType.float16, .bfloat16, .int8, .bytes])
  func `bytes without a meaning are zero`(valueType: ValueType) throws {
    let layout = try #require(RowLayout(Self.schema(valueType), form: .full))
    let padding = layout.elementsRange.upperBound..<layout.weightsRange.upperBound
    for place in padding {
      #expect(!Self.isWellFormed(valueType, at: place, UInt8(1)))
    }
    #expect(!padding.isEmpty)
  }

  @Test func `a value has a possible length and nothing behind it`() {
    var row = StoredRow(Self.schema(.bytes))
    row.value = [1, 2, 3]
    #expect(row.isWellFormed)

    for (place, byte) in [(8, UInt8(20)), (11, 1), (15, 9), (30, 9), (8, 2)] {
      var changed = row
      changed.bytes[place] = byte
      #expect(!changed.isWellFormed)
    }
  }

  @Test(arguments: ValueType.allCases, UInt64(0)..<4)
  func `random bytes are judged and read without a trap`(valueType: ValueType, seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    for form in [Form.full, .weights] {
      for _ in 0..<100 {
        var row = StoredRow(RowLayout(Self.schema(valueType), form: form)!)
        for place in row.bytes.indices {
          row.bytes[place] = UInt8(truncatingIfNeeded: generator.next())
        }
        let isWellFormed = row.isWellFormed
        guard valueType.isNumeric else {
          #expect(row.value.count <= 19)
          continue
        }
        let weights = row.weights
        #expect(!isWellFormed || weights.allSatisfy { $0.isFinite })
      }
    }
  }
}
