/// Products, in tiles of 4 × 8 that stay in vector registers (16 of four floats on any x86-64).
extension Matrix {
  /// `self · other`.
  func multiplied(by other: Matrix) -> Matrix {
    precondition(self.columnCount == other.rowCount, "inner dimensions differ")
    return Self.product(
      self, rowStride: self.columnCount, innerStride: 1, rowCount: self.rowCount, other)
  }

  /// `selfᵀ · other`, without transposing: only the strides differ.
  func transposedMultiplied(by other: Matrix) -> Matrix {
    precondition(self.rowCount == other.rowCount, "inner dimensions differ")
    return Self.product(
      self, rowStride: 1, innerStride: self.columnCount, rowCount: self.columnCount, other)
  }

  /// The product whose left factor has the element (row, inner) at
  /// `row * rowStride + inner * innerStride` of `left.values`.
  private static func product(
    _ left: Matrix, rowStride: Int, innerStride: Int, rowCount: Int, _ right: Matrix
  ) -> Matrix {
    let innerCount = right.rowCount
    let columnCount = right.columnCount
    var result = Matrix(rowCount: rowCount, columnCount: columnCount)
    // SAFETY: the callers checked that `left` has rowCount × innerCount elements under these
    // strides; `right` has innerCount × columnCount and `result` rowCount × columnCount. Tiles
    // start where all of their rows and columns exist, and the edges are done one by one.
    unsafe left.values.withUnsafeBufferPointer { leftValues in
      unsafe right.values.withUnsafeBufferPointer { rightValues in
        unsafe result.values.withUnsafeMutableBufferPointer { resultValues in
          guard let a = leftValues.baseAddress, let b = rightValues.baseAddress,
            let c = resultValues.baseAddress
          else { return }
          var tile = unsafe ProductTile(
            left: a, rowStride: rowStride, innerStride: innerStride, right: b,
            innerCount: innerCount, result: c, columnCount: columnCount)
          for row in stride(from: 0, to: rowCount & ~3, by: 4) {
            for column in stride(from: 0, to: columnCount & ~7, by: 8) {
              unsafe tile.formFourByEight(row: row, column: column)
            }
            for edge in row..<(row + 4) {
              unsafe tile.formCells(row: edge, columns: (columnCount & ~7)..<columnCount)
            }
          }
          for row in (rowCount & ~3)..<rowCount {
            for column in stride(from: 0, to: columnCount & ~7, by: 8) {
              unsafe tile.formOneByEight(row: row, column: column)
            }
            unsafe tile.formCells(row: row, columns: (columnCount & ~7)..<columnCount)
          }
        }
      }
    }
    return result
  }
}

/// The pointers and strides of one product. Whoever makes one vouches for the bounds.
@unsafe
private struct ProductTile {
  let left: UnsafePointer<Float>
  let rowStride: Int
  let innerStride: Int
  let right: UnsafePointer<Float>
  let innerCount: Int
  let result: UnsafeMutablePointer<Float>
  let columnCount: Int

  @inline(__always)
  mutating func formFourByEight(row: Int, column: Int) {
    var sum0 = SIMD8<Float>.zero
    var sum1 = SIMD8<Float>.zero
    var sum2 = SIMD8<Float>.zero
    var sum3 = SIMD8<Float>.zero
    var a = unsafe self.left + row * self.rowStride
    var b = unsafe UnsafeRawPointer(self.right + column)
    for _ in unsafe 0..<self.innerCount {
      let values = unsafe b.loadUnaligned(as: SIMD8<Float>.self)
      unsafe sum0 += values * a[0]
      unsafe sum1 += values * a[self.rowStride]
      unsafe sum2 += values * a[2 * self.rowStride]
      unsafe sum3 += values * a[3 * self.rowStride]
      unsafe a += self.innerStride
      unsafe b += self.columnCount * MemoryLayout<Float>.stride
    }
    unsafe self.store(sum0, row: row, column: column)
    unsafe self.store(sum1, row: row + 1, column: column)
    unsafe self.store(sum2, row: row + 2, column: column)
    unsafe self.store(sum3, row: row + 3, column: column)
  }

  @inline(__always)
  mutating func formOneByEight(row: Int, column: Int) {
    var sum = SIMD8<Float>.zero
    var a = unsafe self.left + row * self.rowStride
    var b = unsafe UnsafeRawPointer(self.right + column)
    for _ in unsafe 0..<self.innerCount {
      unsafe sum += b.loadUnaligned(as: SIMD8<Float>.self) * a[0]
      unsafe a += self.innerStride
      unsafe b += self.columnCount * MemoryLayout<Float>.stride
    }
    unsafe self.store(sum, row: row, column: column)
  }

  @inline(__always)
  mutating func formCells(row: Int, columns: Range<Int>) {
    for column in columns {
      var sum: Float = 0
      for inner in unsafe 0..<self.innerCount {
        unsafe sum +=
          self.left[row * self.rowStride + inner * self.innerStride]
          * self.right[inner * self.columnCount + column]
      }
      unsafe self.result[row * self.columnCount + column] = sum
    }
  }

  @inline(__always)
  private func store(_ sum: SIMD8<Float>, row: Int, column: Int) {
    let place = unsafe self.result + row * self.columnCount + column
    unsafe UnsafeMutableRawPointer(place).storeBytes(of: sum, as: SIMD8<Float>.self)
  }
}
