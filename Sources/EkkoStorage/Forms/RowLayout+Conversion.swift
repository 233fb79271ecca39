/// Making a lesser form of a row.
extension RowLayout {
  /// Fills `row`, laid out as this says, from a row of the same form or a fuller one.
  ///
  /// What results is a pure function of the full row's bits: a row made from the full one equals
  /// one made by way of the weights form, and a row made from its own form is a copy.
  package func fill(
    _ row: inout MutableRawSpan, from source: RawSpan, layout sourceLayout: RowLayout
  ) {
    self.checkSize(row.byteCount)
    sourceLayout.checkSize(source.byteCount)
    precondition(
      sourceLayout.form.canServe(self.form) && sourceLayout.rowLength == self.rowLength,
      "no row of form \(self.form) can be made from form \(sourceLayout.form)")
    if sourceLayout.form == self.form {
      row.replacePrefix(with: source)
      return
    }
    // All forms begin with the creation time.
    self.setCreation(sourceLayout.creation(of: source), of: &row)
    let elements = source.extracting(sourceLayout.weightsRange)
    var target = row._mutatingExtracting(self.weightsRange)
    if sourceLayout.valueType == self.valueType {
      target.replacePrefix(with: elements)
    } else {
      ElementConversion.convert(
        count: self.rowLength, from: elements, sourceLayout.valueType, into: &target,
        self.valueType)
    }
  }
}
