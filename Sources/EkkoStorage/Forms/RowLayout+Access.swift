/// Reading and writing the parts of one row.
extension RowLayout {
  /// When the row was first written, in seconds since 1970.
  @inline(__always)
  package func creation(of row: RawSpan) -> UInt32 {
    self.checkSize(row.byteCount)
    return Self.load(row, at: Self.creationOffset)
  }

  package func setCreation(_ seconds: UInt32, of row: inout MutableRawSpan) {
    self.checkSize(row.byteCount)
    row.storeBytes(of: seconds.littleEndian, toByteOffset: Self.creationOffset, as: UInt32.self)
  }

  /// How often the row was written; only the full form knows.
  package func updateCount(of row: RawSpan) -> UInt32 {
    self.checkSize(row.byteCount)
    precondition(self.form == .full, "only full rows count their updates")
    return Self.load(row, at: Self.updateCountOffset)
  }

  package func setUpdateCount(_ count: UInt32, of row: inout MutableRawSpan) {
    self.checkSize(row.byteCount)
    precondition(self.form == .full, "only full rows count their updates")
    row.storeBytes(of: count.littleEndian, toByteOffset: Self.updateCountOffset, as: UInt32.self)
  }

  /// Copies the weights of a numeric row as Float32, from any form.
  ///
  /// - Precondition: `weights` has `rowLength` elements.
  @inline(__always)
  package func readWeights(of row: RawSpan, into weights: inout MutableSpan<Float>) {
    self.checkSize(row.byteCount)
    precondition(weights.count == self.rowLength, "\(weights.count) of \(self.rowLength) elements")
    var target = unsafe weights.mutableBytes
    if self.valueType == .float32 {
      target.replacePrefix(with: row.extracting(self.weightsRange))
      return
    }
    ElementConversion.convert(
      count: self.rowLength, from: row.extracting(self.weightsRange), self.valueType,
      into: &target, .float32)
  }

  /// Stores weights in the row's own value type, rounded and saturated as that type needs.
  ///
  /// - Precondition: `weights` has `rowLength` elements.
  package func writeWeights(_ weights: Span<Float>, into row: inout MutableRawSpan) {
    self.checkSize(row.byteCount)
    precondition(weights.count == self.rowLength, "\(weights.count) of \(self.rowLength) elements")
    var target = row._mutatingExtracting(self.weightsRange)
    unsafe ElementConversion.convert(
      count: self.rowLength, from: weights.bytes, .float32, into: &target, self.valueType)
  }

  /// The value of a row of bytes, in place; a length that cannot be is cut to what is there.
  @_lifetime(copy row)
  package func value(of row: RawSpan) -> RawSpan {
    self.checkSize(row.byteCount)
    precondition(self.valueType == .bytes, "the row holds numbers")
    let length = Self.load(row, at: self.weightsRange.lowerBound)
    let start = self.weightsRange.lowerBound + 4
    return row.extracting(start..<(start + min(Int(length), self.rowLength)))
  }

  /// Stores the value of a row of bytes and zeros what follows it.
  ///
  /// - Precondition: `value` is not longer than `rowLength`.
  package func writeValue(_ value: RawSpan, into row: inout MutableRawSpan) {
    self.checkSize(row.byteCount)
    precondition(self.valueType == .bytes, "the row holds numbers")
    precondition(value.byteCount <= self.rowLength, "value longer than \(self.rowLength) bytes")
    let start = self.weightsRange.lowerBound
    row.storeBytes(
      of: UInt32(value.byteCount).littleEndian, toByteOffset: start, as: UInt32.self)
    var target = row._mutatingExtracting((start + 4)..<self.weightsRange.upperBound)
    target.replacePrefix(with: value)
    for padding in value.byteCount..<target.byteCount {
      target.storeBytes(of: 0, toByteOffset: padding, as: UInt8.self)
    }
  }

  @inline(__always)
  func checkSize(_ byteCount: Int) {
    precondition(byteCount == self.byteCount, "a row of another size")
  }

  @inline(__always)
  private static func load(_ row: RawSpan, at offset: Int) -> UInt32 {
    // SAFETY: the load itself checks that the field lies inside the row.
    unsafe UInt32(littleEndian: row.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }
}
