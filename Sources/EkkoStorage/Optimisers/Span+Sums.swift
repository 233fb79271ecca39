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
  package var isFinite: Bool {
    // Without the sign the special bit patterns are the largest; an integer maximum vectorises.
    var largest: Int32 = 0
    for index in self.indices {
      largest = max(largest, Int32(bitPattern: self[index].bitPattern & 0x7FFF_FFFF))
    }
    return largest < 0x7F80_0000
  }

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
