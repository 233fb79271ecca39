/// Judging rows that came from a peer or a file.
extension RowLayout {
  /// Whether the row could have been written by this program: numbers are finite, a value is not
  /// longer than it may be, and what is not used is zero. Other rows must not be stored: they would
  /// turn into not-a-number at an optimiser, or differ in bytes from an equal row.
  package func isWellFormed(_ row: RawSpan) -> Bool {
    self.checkSize(row.byteCount)
    let elements = row.extracting(self.elementsRange)
    let padding = row.extracting(self.elementsRange.upperBound..<self.weightsRange.upperBound)
    guard Self.isZero(padding) else { return false }
    switch self.valueType {
    case .float32:
      // The slots follow the weights without a gap.
      let start = self.weightsRange.lowerBound
      return row.extracting(start..<self.byteCount).holdsFiniteFloats
    case .float16:
      guard Self.isFinite16(elements, infinity: 0x7C00) else { return false }
    case .bfloat16:
      guard Self.isFinite16(elements, infinity: 0x7F80) else { return false }
    case .int8:
      guard self.hasScale(row), Self.isSymmetric(elements) else { return false }
    case .bytes:
      return self.isValue(row)
    }
    return row.extracting(self.slotsRange).holdsFiniteFloats
  }

  private func hasScale(_ row: RawSpan) -> Bool {
    let scale = row.extracting(self.weightsRange).extracting(first: 4)
    return scale.holdsFiniteFloats && Self.word(scale, 0) & 0x8000_0000 == 0
  }

  private func isValue(_ row: RawSpan) -> Bool {
    let area = row.extracting(self.weightsRange)
    let length = Int(Self.word(area, 0))
    return length <= self.rowLength && Self.isZero(area.extracting((4 + length)..<area.byteCount))
  }

  private static func isFinite16(_ bytes: RawSpan, infinity: Int16) -> Bool {
    var largest: Int16 = 0
    for index in 0..<(bytes.byteCount / 2) {
      // SAFETY: 2·index + 2 ≤ byteCount; every bit pattern is an integer.
      let bits = unsafe bytes.unsafeLoadUnaligned(
        fromUncheckedByteOffset: index &* 2, as: Int16.self)
      largest = max(largest, bits & 0x7FFF)
    }
    return largest < infinity
  }

  /// −128 has no counterpart and is never written.
  private static func isSymmetric(_ bytes: RawSpan) -> Bool {
    var matches: UInt8 = 0
    for index in 0..<bytes.byteCount { matches |= Self.byte(bytes, index) == 0x80 ? 1 : 0 }
    return matches == 0
  }

  private static func isZero(_ bytes: RawSpan) -> Bool {
    var bits: UInt8 = 0
    for index in 0..<bytes.byteCount { bits |= Self.byte(bytes, index) }
    return bits == 0
  }

  @inline(__always)
  private static func byte(_ bytes: RawSpan, _ index: Int) -> UInt8 {
    // SAFETY: all callers count below `byteCount`; every bit pattern is an integer.
    unsafe bytes.unsafeLoad(fromUncheckedByteOffset: index, as: UInt8.self)
  }

  @inline(__always)
  private static func word(_ bytes: RawSpan, _ index: Int) -> UInt32 {
    // SAFETY: all callers ask for whole words below `byteCount`; every bit pattern is an integer.
    unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index &* 4, as: UInt32.self)
  }
}
