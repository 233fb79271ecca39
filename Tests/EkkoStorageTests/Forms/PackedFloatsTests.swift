import EkkoCore
import EkkoStorage
import Testing

@Suite struct PackedFloatsTests {
  /// The bytes of `values`, `offset` bytes into an array.
  private static func bytes(of values: [Float], at offset: Int) -> ArraySlice<UInt8> {
    var writer = ByteWriter()
    for _ in 0..<offset { writer.write(UInt8(0xFF)) }
    writer.write(all: values)
    return writer.bytes[offset...]
  }

  @Test(arguments: 0..<5) func `numbers that came in are those that were sent, wherever they lie`(
    offset: Int
  ) {
    let values: [Float] = [1, -2.5, 0, -0, 3e38, .leastNonzeroMagnitude, 7]
    let packed = PackedFloats(Self.bytes(of: values, at: offset))
    #expect(packed.count == values.count)
    #expect(packed.values.map(\.bitPattern) == values.map(\.bitPattern))
    #expect(packed == PackedFloats(values))
    #expect(Set([packed, PackedFloats(values)]).count == 1)
    var row: [Float] = [9]
    packed.append(2..<5, to: &row)
    #expect(row == [9, 0, -0, 3e38])
    #expect(PackedFloats(values) != PackedFloats([1, -2.5, -0, -0, 3e38, 0, 7]))
  }

  /// Vectors of several lengths end before, at and after each place.
  @Test func `one number that is not finite is seen at every place`() {
    for count in [1, 3, 4, 8, 15, 16, 17, 64, 67] {
      var values = (0..<count).map { Float($0) * -1e37 }
      for (place, value) in values.enumerated() where !value.isFinite { values[place] = -3e38 }
      #expect(PackedFloats(values).areFinite)
      for place in values.indices {
        for wrong in [Float.infinity, -.infinity, .nan, -.signalingNaN] {
          var others = values
          others[place] = wrong
          #expect(!PackedFloats(others).areFinite)
          #expect(!PackedFloats(Self.bytes(of: others, at: 3)).areFinite)
        }
      }
    }
  }
}
