import EkkoCore
import Testing

@testable import EkkoStorage

/// Vector instructions against the scalar code: the same bits, whatever the numbers.
@Suite struct ElementConversionVectorTests {
  static let pairs: [(ValueType, ValueType)] = [
    (.float32, .float16), (.float32, .bfloat16), (.float16, .float32), (.bfloat16, .float32),
    (.float32, .int8), (.float16, .int8), (.bfloat16, .int8), (.int8, .float32),
  ]

  /// The target area, behind `shift` bytes that must stay as they are, and followed by one.
  private static func convert(
    _ source: ArraySlice<UInt8>, count: Int, _ pair: (ValueType, ValueType), shift: Int,
    by means: ElementConversion.Means
  ) -> [UInt8] {
    let size = pair.1.paddedByteCount(rowLength: count)
    var bytes = [UInt8](repeating: 0xA5, count: shift + size + 1)
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    var target = raw._mutatingExtracting(shift..<(shift + size))
    ElementConversion.convert(
      count: count, from: source.span.bytes, pair.0, into: &target, pair.1, by: means)
    return bytes
  }

  private static func expectEqual(
    _ source: [UInt8], count: Int, _ pair: (ValueType, ValueType), shift: Int = 0
  ) {
    let area = source.dropFirst(shift)
    let vectors = Self.convert(area, count: count, pair, shift: shift, by: .vectors)
    let scalars = Self.convert(area, count: count, pair, shift: shift, by: .scalars)
    #expect(vectors == scalars, "\(pair) count \(count) shift \(shift)")
    #expect(vectors[..<shift].allSatisfy { $0 == 0xA5 } && vectors.last == 0xA5)
  }

  /// Floats of every size and kind as bytes, with special ones among them.
  private static func floats(_ count: Int, using generator: inout SplitMix64) -> [UInt8] {
    let specials: [UInt32] = [
      0, 0x8000_0000, 1, 0x8000_0001, 0x7F80_0000, 0xFF80_0000, 0x7FC0_0000, 0xFF80_0001,
      0x477F_E000, 0x477F_F000, 0x4780_0000, 0x3880_0000, 0x387F_FFFF, 0x3300_0000, 0x3300_0001,
      0x7F7F_FFFF, 0xFF7F_FFFF, 0x7F7F_8000, 0x3F80_8000, 0x3F81_8000, 0x0080_0000, 0x007F_FFFF,
    ]
    let style = generator.next() % 4
    return (0..<count).flatMap { _ -> [UInt8] in
      let bits: UInt32 =
        switch (style, generator.next() % 8) {
        case (0, _): UInt32(truncatingIfNeeded: generator.next())
        case (_, 0): specials[Int(generator.next() % UInt64(specials.count))]
        // Around what a half can hold, then what has ties when rounded to whole numbers.
        case (1, _): UInt32(truncatingIfNeeded: generator.next()) & 0x8FFF_FFFF | 0x3000_0000
        case (2, _): (Float(Int(generator.next() % 511) - 255) * 0.5).bitPattern
        default: Float(generator.nextUnit() - 0.5).bitPattern
        }
      return (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
    }
  }

  @Test(arguments: pairs)
  func `any numbers, any count, any alignment`(pair: (ValueType, ValueType)) throws {
    try #require(ElementConversion.Means.best == .vectors, "this processor has no such vectors")
    var generator = SplitMix64(seed: 7)
    for count in 0...100 {
      for shift in 0..<4 {
        var source =
          pair.0 == .float32
          ? Self.floats(count + 1, using: &generator)
          : (0..<(4 * count + 8)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        if pair.0 == .int8 {
          let scale = Self.floats(1, using: &generator)
          source.replaceSubrange(shift..<(shift + 4), with: scale)
        }
        Self.expectEqual(source, count: count, pair, shift: shift)
      }
    }
  }

  @Test(arguments: [ValueType.float16, .bfloat16])
  func `every half there is`(type: ValueType) throws {
    try #require(ElementConversion.Means.best == .vectors, "this processor has no such vectors")
    let all = (0..<(1 << 16)).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }

    Self.expectEqual(all, count: 1 << 16, (type, .float32))
  }

  @Test(arguments: pairs)
  func `every exponent, where rounding turns`(pair: (ValueType, ValueType)) throws {
    try #require(ElementConversion.Means.best == .vectors, "this processor has no such vectors")
    guard pair.0 == .float32 else { return }
    // Every exponent, with fractions at and beside the places where rounding turns.
    let fractions: [UInt32] = [
      0, 1, 0xFFF, 0x1000, 0x1001, 0x3000, 0x7FFF, 0x8000, 0x8001, 0x1_8000, 0x7F_FFFF,
    ]
    for exponent in UInt32(0)..<256 {
      var source: [UInt8] = []
      for fraction in fractions {
        for sign in [0, 1 << 31] as [UInt32] {
          let bits = sign | exponent << 23 | fraction
          for index in 0..<4 { source.append(UInt8(truncatingIfNeeded: bits >> (8 * index))) }
        }
      }
      Self.expectEqual(source, count: source.count / 4, pair)
    }
  }
}
