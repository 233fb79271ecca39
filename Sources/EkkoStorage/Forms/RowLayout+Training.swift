internal import CEkko

/// Writes to a full row at its primary: the first one, a `put`, a `push` (DESIGN §4).
///
/// Rows whose weights are not Float32 are worked on in `scratch`, which has at least `rowLength`
/// elements; for Float32 it may be empty. Rows must be aligned to four bytes.
extension RowLayout {
  /// Makes the row that `key` has before anybody has written it: no updates, initial weights and
  /// slots, or for a table of bytes the empty value.
  package func initialise(
    _ row: inout MutableRawSpan, key: UInt64, creation: UInt32, schema: TableSchema,
    scratch: inout MutableSpan<Float>
  ) {
    self.setCreation(creation, of: &row)
    self.setUpdateCount(0, of: &row)
    guard self.valueType.isNumeric else {
      self.writeValue(RawSpan(), into: &row)
      return
    }
    self.withTrainingState(of: &row, scratch: &scratch) { weights, slots in
      schema.fillInitialWeights(&weights, key: key)
      schema.optimiser.initialiseSlots(&slots, weights: weights.span)
    }
  }

  /// A `put`: replaces the weights, keeps what the optimiser knows of past gradients, counts.
  package func overwrite(
    _ row: inout MutableRawSpan, with newWeights: Span<Float>, optimiser: Optimiser,
    scratch: inout MutableSpan<Float>
  ) {
    precondition(newWeights.count == self.rowLength, "weights of another row length")
    self.countUpdate(of: &row)
    self.withTrainingState(of: &row, scratch: &scratch) { weights, slots in
      for index in weights.indices { weights[index] = newWeights[index] }
      optimiser.alignSlots(&slots, with: weights.span)
    }
  }

  /// Whether a `put` copies weights as they are: none is converted, and no slot depends on them.
  func takesWeightsAsTheyAre(with optimiser: Optimiser) -> Bool {
    guard self.form == .full, self.valueType == .float32 else { return false }
    if case .ftrl = optimiser { return false }
    return true
  }

  /// The same where `takesWeightsAsTheyAre`, to the row that begins at `row`.
  @unsafe
  @inline(__always)
  static func overwrite(
    _ row: UnsafeMutableRawPointer, withPlain weights: UnsafeRawPointer, byteCount: Int
  ) {
    // SAFETY: the caller has a row of such a layout, and so many bytes to put there.
    let count = unsafe row.load(fromByteOffset: Self.updateCountOffset, as: UInt32.self)
    unsafe row.storeBytes(
      of: count == .max ? count : count + 1, toByteOffset: Self.updateCountOffset, as: UInt32.self)
    unsafe ekko_copy_row(row + Self.fullWeightsOffset, weights, byteCount)
  }

  /// A `put` to a table of bytes: replaces the value and counts.
  package func overwrite(_ row: inout MutableRawSpan, with value: RawSpan) {
    self.countUpdate(of: &row)
    self.writeValue(value, into: &row)
  }

  /// A `push`: applies one gradient through the table's optimiser, and counts it.
  package func push(
    _ gradient: Span<Float>, into row: inout MutableRawSpan, optimiser: Optimiser,
    scratch: inout MutableSpan<Float>
  ) {
    let update = self.countUpdate(of: &row)
    self.withTrainingState(of: &row, scratch: &scratch) { weights, slots in
      optimiser.apply(gradient: gradient, weights: &weights, slots: &slots, update: update)
    }
  }

  /// The count stops at its largest value, so that it never seems to begin anew.
  @discardableResult
  private func countUpdate(of row: inout MutableRawSpan) -> UInt32 {
    let before = self.updateCount(of: row.bytes)
    let after = before == .max ? before : before + 1
    self.setUpdateCount(after, of: &row)
    return after
  }

  /// Hands weights and slots to `body` as Float32, and stores what it makes of them.
  @inline(__always)
  func withTrainingState(
    of row: inout MutableRawSpan, scratch: inout MutableSpan<Float>,
    _ body: (inout MutableSpan<Float>, inout MutableSpan<Float>) -> Void
  ) {
    self.checkSize(row.byteCount)
    precondition(self.form == .full && self.valueType.isNumeric, "the row cannot be trained")
    if self.valueType == .float32 {
      unsafe row.withUnsafeMutableBytes { bytes in
        var weights = unsafe MutableSpan(_unsafeElements: Self.floats(in: bytes, self.weightsRange))
        var slots = unsafe MutableSpan(_unsafeElements: Self.floats(in: bytes, self.slotsRange))
        body(&weights, &slots)
      }
    } else {
      var weights = scratch._mutatingExtracting(first: self.rowLength)
      self.readWeights(of: row.bytes, into: &weights)
      unsafe row.withUnsafeMutableBytes { bytes in
        var slots = unsafe MutableSpan(_unsafeElements: Self.floats(in: bytes, self.slotsRange))
        body(&weights, &slots)
      }
      self.writeWeights(weights.span, into: &row)
    }
  }

  private static func floats(
    in bytes: UnsafeMutableRawBufferPointer, _ range: Range<Int>
  ) -> UnsafeMutableBufferPointer<Float> {
    // SAFETY: ranges of the layout lie inside a row of its size, which the caller has checked, and
    // do not overlap; they are multiples of four behind an aligned start; the memory is raw and
    // every bit pattern is a Float.
    let part = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[range])
    precondition(
      Int(bitPattern: part.baseAddress) % 4 == 0, "a stored row is aligned to four bytes")
    return unsafe part.assumingMemoryBound(to: Float.self)
  }
}
