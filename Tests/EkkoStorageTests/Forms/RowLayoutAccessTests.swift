import EkkoStorage
import Testing

/// Single parts of rows.
@Suite struct RowLayoutAccessTests {
  @Test func `creation and count have their places`() {
    let schema = TableSchema(name: "t", rowLength: 1)
    var row = StoredRow(schema, creation: 0x0403_0201)
    row.setUpdateCount(0x0807_0605)
    row.weights = [1]

    #expect(row.bytes == [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0x80, 0x3F])
    #expect(row.creation == 0x0403_0201)
    #expect(row.updateCount == 0x0807_0605)
    #expect(row.weights == [1])
  }

  @Test func `a value has its length, its bytes and zeros behind them`() {
    var row = StoredRow(TableSchema(name: "t", valueType: .bytes, rowLength: 5))
    #expect(row.value == [])

    row.value = [9, 8, 7, 6, 5]
    #expect(row.value == [9, 8, 7, 6, 5])
    row.value = [1, 2]

    #expect(row.value == [1, 2])
    #expect(row.bytes[8...] == [2, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0])
    #expect(row.isWellFormed)
  }

  @Test func `a length that cannot be is cut`() {
    var row = StoredRow(TableSchema(name: "t", valueType: .bytes, rowLength: 3))
    for place in 8..<12 { row.bytes[place] = 0xFF }

    #expect(row.value == [0, 0, 0])
    #expect(!row.isWellFormed)
  }

  @Test func `a value longer than the row is refused`() async {
    await #expect(processExitsWith: .failure) {
      var row = StoredRow(TableSchema(name: "t", valueType: .bytes, rowLength: 3))
      row.value = [1, 2, 3, 4]
    }
  }

  @Test func `lesser forms do not count updates`() async {
    await #expect(processExitsWith: .failure) {
      let row = StoredRow(RowLayout(TableSchema(name: "t", rowLength: 3), form: .weights)!)
      _ = row.updateCount
    }
  }
}
