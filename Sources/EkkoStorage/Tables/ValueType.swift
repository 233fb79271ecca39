/// What one element of a row is (DESIGN §4).
///
/// The raw values are part of wire format 1 and of the snapshot file.
public enum ValueType: UInt8, Hashable, Sendable, CaseIterable {
  case float32 = 1
  case float16 = 2
  /// The upper half of a Float32: its range, with eight bits of precision.
  case bfloat16 = 3
  /// Signed bytes in −127…127 with one Float32 scale for the whole row.
  case int8 = 4
  /// Not numbers: up to `rowLength` bytes and their actual count. Cannot be trained.
  case bytes = 5

  /// Whether rows are numbers that an optimiser and an initialiser can work on.
  public var isNumeric: Bool { self != .bytes }

  /// Bytes of one element, without the scale or count that precedes the elements.
  package var elementByteCount: Int {
    switch self {
    case .float32: 4
    case .float16, .bfloat16: 2
    case .int8, .bytes: 1
    }
  }

  /// Bytes before the first element: the scale of `int8`, the actual count of `bytes`.
  package var prefixByteCount: Int {
    switch self {
    case .float32, .float16, .bfloat16: 0
    case .int8, .bytes: 4
    }
  }

  /// Bytes of `rowLength` elements with their prefix, padded with zeros to a multiple of four so
  /// that whatever follows stays aligned.
  package func paddedByteCount(rowLength: Int) -> Int {
    let exact = self.prefixByteCount + rowLength * self.elementByteCount
    return (exact + 3) & ~3
  }
}
