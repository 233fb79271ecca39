/// A dense row-major matrix of one batch's activations, weights or gradients.
struct Matrix: Hashable, Sendable {
  let rowCount: Int
  let columnCount: Int
  var values: [Float]

  init(rowCount: Int, columnCount: Int) {
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.values = [Float](repeating: 0, count: rowCount * columnCount)
  }

  init(rowCount: Int, columnCount: Int, values: [Float]) {
    precondition(values.count == rowCount * columnCount, "values do not fill the matrix")
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.values = values
  }

  subscript(row: Int, column: Int) -> Float {
    get { self.values[row * self.columnCount + column] }
    set { self.values[row * self.columnCount + column] = newValue }
  }

  var transposed: Matrix {
    var result = Matrix(rowCount: self.columnCount, columnCount: self.rowCount)
    for row in 0..<self.rowCount {
      for column in 0..<self.columnCount { result[column, row] = self[row, column] }
    }
    return result
  }

  /// Adds `row` to every row.
  mutating func addToRows(_ row: ArraySlice<Float>) {
    precondition(row.count == self.columnCount, "row has another length")
    let first = row.startIndex
    for start in stride(from: 0, to: self.values.count, by: self.columnCount) {
      for column in 0..<self.columnCount { self.values[start + column] += row[first + column] }
    }
  }

  /// The sum of all rows.
  func rowSum() -> [Float] {
    var sum = [Float](repeating: 0, count: self.columnCount)
    for start in stride(from: 0, to: self.values.count, by: self.columnCount) {
      for column in 0..<self.columnCount { sum[column] += self.values[start + column] }
    }
    return sum
  }
}
