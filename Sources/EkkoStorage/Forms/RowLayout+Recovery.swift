/// Making a full row of a lesser one, when nothing fuller is left of it (DESIGN §4).
extension RowLayout {
  /// Fills `row`, a full one, from `source`: its creation time and weights as they are, bit for bit
  /// where both forms store the same type, with slots as of a row that was never pushed to, and no
  /// updates counted, for the optimiser begins anew.
  ///
  /// Rows whose weights are not Float32 are worked on in `scratch`, as in `initialise`.
  package func recover(
    _ row: inout MutableRawSpan, from source: RawSpan, layout sourceLayout: RowLayout,
    optimiser: Optimiser, scratch: inout MutableSpan<Float>
  ) {
    self.checkSize(row.byteCount)
    sourceLayout.checkSize(source.byteCount)
    precondition(
      sourceLayout.rowLength == self.rowLength,
      "a row of \(sourceLayout.rowLength) elements for one of \(self.rowLength)")
    self.setCreation(sourceLayout.creation(of: source), of: &row)
    self.setUpdateCount(0, of: &row)
    guard self.valueType.isNumeric else {
      self.writeValue(sourceLayout.value(of: source), into: &row)
      return
    }
    self.withTrainingState(of: &row, scratch: &scratch) { weights, slots in
      sourceLayout.readWeights(of: source, into: &weights)
      optimiser.initialiseSlots(&slots, weights: weights.span)
    }
  }
}
