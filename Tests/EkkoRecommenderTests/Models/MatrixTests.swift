import EkkoCore
import Testing

@testable import EkkoRecommender

/// Products in tiles against the definition, with sizes on and off the tile edges.
@Suite struct MatrixTests {
  private static func random(
    _ rows: Int, _ columns: Int, using generator: inout SplitMix64
  ) -> Matrix {
    // Small integers, so that sums are exact in any order.
    Matrix(
      rowCount: rows, columnCount: columns,
      values: (0..<(rows * columns)).map { _ in Float(generator.next() % 9) - 4 })
  }

  private static func naive(_ left: Matrix, _ right: Matrix) -> Matrix {
    var result = Matrix(rowCount: left.rowCount, columnCount: right.columnCount)
    for row in 0..<left.rowCount {
      for column in 0..<right.columnCount {
        for inner in 0..<left.columnCount {
          result[row, column] += left[row, inner] * right[inner, column]
        }
      }
    }
    return result
  }

  @Test(arguments: [0, 1, 3, 4, 5, 8, 11], [0, 1, 7, 8, 9, 16, 18])
  func `products equal the definition`(rows: Int, columns: Int) {
    var generator = SplitMix64(seed: UInt64(rows * 100 + columns))
    for inner in [0, 1, 5, 8] {
      let left = Self.random(rows, inner, using: &generator)
      let right = Self.random(inner, columns, using: &generator)

      #expect(left.multiplied(by: right) == Self.naive(left, right))
      #expect(left.transposed.transposedMultiplied(by: right) == Self.naive(left, right))
    }
  }

  @Test func `rows are added and summed column by column`() {
    var matrix = Matrix(rowCount: 2, columnCount: 3, values: [1, 2, 3, 4, 5, 6])

    matrix.addToRows([10, 20, 30][...])

    #expect(matrix.values == [11, 22, 33, 14, 25, 36])
    #expect(matrix.rowSum() == [25, 47, 69])
    #expect(matrix.transposed.values == [11, 14, 22, 25, 33, 36])
  }
}
