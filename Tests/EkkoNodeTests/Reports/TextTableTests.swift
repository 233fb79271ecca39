import EkkoNode
import Testing

@Suite struct TextTableTests {
  @Test func `columns are as wide as their widest cell, and lines end with their text`() {
    let lines = TextTable.aligned(
      [["NAME", "ROWS"], ["a", "1"], ["longest", "12345"], ["b", ""]], [.left, .right])

    #expect(lines == ["NAME      ROWS", "a            1", "longest  12345", "b"])
    #expect(TextTable.aligned([]) == [])
    #expect(TextTable.aligned([["a"], ["b", "c"]]) == ["a", "b  c"])
  }

  @Test func `a cell cannot move the cursor`() {
    #expect(TextTable.aligned([["a\n\u{1B}[2J", "b"]]) == ["a\\u{A}\\u{1B}[2J  b"])
  }

  @Test(arguments: [
    (0.0, 0, "0"), (1234.5, 0, "1 235"), (-0.04, 1, "0.0"), (-1234.56, 1, "-1 234.6"),
    (0.999_96, 4, "1.0000"), (12.005, 2, "12.01"), (.nan, 1, "–"), (.infinity, 0, "–"),
    (1e300, 1, "–"),
  ])
  func `numbers with a fixed number of digits`(value: Double, digits: Int, text: String) {
    #expect(Figures.fixed(value, digits) == text)
  }

  @Test func `thousands, bytes and percent`() {
    #expect(
      [0, 999, 1000, -1_234_567].map(Figures.grouped) == ["0", "999", "1 000", "-1 234 567"])
    #expect(
      [0, 999, 1500, 2_345_678, 5_000_000_000_000].map(Figures.bytes)
        == ["0 B", "999 B", "1.5 kB", "2.3 MB", "5.0 TB"])
    #expect(Figures.percent(0.9964) == "99.6 %")
    #expect(Figures.percent(nil) == "–")
  }
}
