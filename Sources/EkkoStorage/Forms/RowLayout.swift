/// Where the parts of a row lie in memory, in snapshot files and on the wire, for one table and
/// one form (DESIGN §4, wire format 1).
///
/// ```text
/// full:             creation u32 | update count u32 | elements | slots Float32 × n
/// weights, narrow:  creation u32 | elements
/// ```
///
/// Little-endian. The elements are those of `ValueType`, padded with zeros to four bytes, so in a
/// row whose first byte is aligned to four everything is aligned. Equal rows are equal bytes.
/// The methods take whole rows as spans and trap if a span has another size than `byteCount`;
/// what the bytes say never traps.
package struct RowLayout: Hashable, Sendable {
  package let form: Form
  /// Of the elements in this form.
  package let valueType: ValueType
  /// Elements per row; for `bytes` the largest byte count.
  package let rowLength: Int
  /// Size of a row, a multiple of four.
  package let byteCount: Int
  /// The elements with their prefix and padding.
  package let weightsRange: Range<Int>
  /// The optimiser's slots; empty in lesser forms and for optimisers without state.
  package let slotsRange: Range<Int>

  package static let creationOffset = 0
  /// Of the full form only.
  package static let updateCountOffset = 4
  /// Where the elements of the full form begin.
  static let fullWeightsOffset = 8

  /// `nil` if the table has no narrow form, which a peer's section header may claim.
  ///
  /// - Precondition: the schema is valid.
  package init?(_ schema: TableSchema, form: Form) {
    self.form = form
    self.rowLength = schema.rowLength
    switch form {
    case .full, .weights:
      self.valueType = schema.valueType
    case .narrow:
      guard case .narrow(let valueType) = schema.servingForm else { return nil }
      self.valueType = valueType
    }
    let start = form == .full ? Self.fullWeightsOffset : 4
    let end = start + self.valueType.paddedByteCount(rowLength: schema.rowLength)
    let slotCount =
      form == .full ? schema.optimiser.slotFloatCount(rowLength: schema.rowLength) : 0
    self.weightsRange = start..<end
    self.slotsRange = end..<(end + 4 * slotCount)
    self.byteCount = self.slotsRange.upperBound
  }

  /// Float32 slots in a row.
  package var slotCount: Int { self.slotsRange.count / 4 }

  /// Where the elements of the row at `place` are among those of many rows.
  func elementPlaces(ofRow place: Int) -> Range<Int> {
    (place * self.rowLength)..<((place + 1) * self.rowLength)
  }

  /// The elements without prefix and padding.
  package var elementsRange: Range<Int> {
    let start = self.weightsRange.lowerBound + self.valueType.prefixByteCount
    return start..<(start + self.rowLength * self.valueType.elementByteCount)
  }
}
