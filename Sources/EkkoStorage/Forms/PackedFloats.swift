/// Weights or gradients as a program has them, or as they lie in bytes that came in: those are copied
/// once, into their rows.
@safe
package struct PackedFloats: Hashable, Sendable {
  private enum Storage: Sendable {
    case values([Float])
    /// Little-endian, of any alignment.
    case bytes(ArraySlice<UInt8>)
  }

  private let storage: Storage

  package init(_ values: [Float]) { self.storage = .values(values) }

  /// - Precondition: whole numbers, little-endian.
  package init(_ bytes: ArraySlice<UInt8>) {
    precondition(bytes.count % MemoryLayout<Float>.stride == 0, "a part of a number")
    self.storage = .bytes(bytes)
  }

  package var count: Int {
    switch self.storage {
    case .values(let values): values.count
    case .bytes(let bytes): bytes.count / MemoryLayout<Float>.stride
    }
  }

  package var isEmpty: Bool { self.count == 0 }

  /// As a program has them: a copy, if they came in.
  package var values: [Float] {
    if case .values(let values) = self.storage { return values }
    var values: [Float] = []
    self.append(0..<self.count, to: &values)
    return values
  }

  /// Appends those at `range`.
  package func append(_ range: Range<Int>, to values: inout [Float]) {
    precondition(range.lowerBound >= 0 && range.upperBound <= self.count)
    unsafe self.withBytes { bytes in
      values.append(addingCapacity: range.count) { output in
        unsafe output.withUnsafeMutableBufferPointer { room, initialised in
          // SAFETY: there is room for the range, which lies in the bytes; every bit pattern is a number.
          unsafe UnsafeMutableRawBufferPointer(room).copyMemory(
            from: UnsafeRawBufferPointer(
              rebasing: bytes[(range.lowerBound * 4)..<(range.upperBound * 4)]))
          initialised = range.count
        }
      }
    }
  }

  /// Whether none of them is infinite or not a number.
  package var areFinite: Bool {
    unsafe self.withBytes { bytes in unsafe RawSpan(_unsafeBytes: bytes).holdsFiniteFloats }
  }

  /// Lends the bytes that they are, little-endian.
  @inline(__always)
  package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    switch self.storage {
    case .values(let values): unsafe values.withUnsafeBytes { unsafe body($0) }
    case .bytes(let bytes): unsafe bytes.withUnsafeBytes { unsafe body($0) }
    }
  }

  /// Whether they are the same bits.
  package static func == (left: PackedFloats, right: PackedFloats) -> Bool {
    unsafe left.withBytes { left in
      unsafe right.withBytes { right in unsafe left.elementsEqual(right) }
    }
  }

  package func hash(into hasher: inout Hasher) {
    unsafe self.withBytes { unsafe hasher.combine(bytes: $0) }
  }
}
