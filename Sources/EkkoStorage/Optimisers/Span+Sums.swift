/// Sums over gradients. In eight lanes, because a float sum in plain order cannot be vectorised;
/// the order is fixed, so the result is the same on every machine.
extension Span where Element == Float {
  /// |g|₁, the significance of a pushed gradient (Ekko §5.2).
  package var absoluteSum: Float {
    self.sumOfLanes({ Self.absolute($0) }, { abs($0) })
  }

  package var squareSum: Float {
    self.sumOfLanes({ $0 * $0 }, { $0 * $0 })
  }

  /// |new − old|₁, the significance of a `put` (DESIGN §4).
  package func absoluteDifference(from other: Span<Float>) -> Float {
    precondition(self.count == other.count, "rows of different lengths")
    var lanes = SIMD8<Float>.zero
    var index = 0
    while index + 8 <= self.count {
      lanes += Self.absolute(self.lanes(at: index) - other.lanes(at: index))
      index += 8
    }
    var sum = lanes.sum()
    while index < self.count {
      sum += abs(self[index] - other[index])
      index += 1
    }
    return sum
  }

  /// Whether no element is infinite or not a number.
  package var isFinite: Bool { unsafe self.bytes.holdsFiniteFloats }

  @inline(__always)
  private func sumOfLanes(
    _ term: (SIMD8<Float>) -> SIMD8<Float>, _ lastTerm: (Float) -> Float
  ) -> Float {
    var lanes = SIMD8<Float>.zero
    var index = 0
    while index + 8 <= self.count {
      lanes += term(self.lanes(at: index))
      index += 8
    }
    var sum = lanes.sum()
    while index < self.count {
      sum += lastTerm(self[index])
      index += 1
    }
    return sum
  }

  @inline(__always)
  private func lanes(at index: Int) -> SIMD8<Float> {
    // SAFETY: the callers have checked that index + 8 ≤ count.
    unsafe self.bytes.unsafeLoadUnaligned(
      fromUncheckedByteOffset: index &* 4, as: SIMD8<Float>.self)
  }

  @inline(__always)
  private static func absolute(_ lanes: SIMD8<Float>) -> SIMD8<Float> {
    let bits = unsafe unsafeBitCast(lanes, to: SIMD8<UInt32>.self) & SIMD8(repeating: 0x7FFF_FFFF)
    return unsafe unsafeBitCast(bits, to: SIMD8<Float>.self)
  }
}

extension RawSpan {
  /// Whether none of the floats that these bytes are is infinite or not a number.
  package var holdsFiniteFloats: Bool {
    // A full exponent carries into the sign when one is added to it. And, add and or are what every
    // processor does to many numbers at once.
    var carries: UInt32 = 0
    for index in 0..<(self.byteCount / 4) {
      // SAFETY: 4·index + 4 ≤ byteCount; every bit pattern is an integer.
      let bits = unsafe self.unsafeLoadUnaligned(
        fromUncheckedByteOffset: index &* 4, as: UInt32.self)
      carries |= (bits & 0x7F80_0000) &+ 0x0080_0000
    }
    return carries < 0x8000_0000
  }
}
