import EkkoNode
import Testing

@Suite struct PanelDrawingTests {
  private static let size = PanelDrawing.Size(columns: 10, rows: 5)

  @Test func `the first drawing hides the cursor, the next go back over it, the end shows it`() {
    var drawing = PanelDrawing(isDecorated: false)

    #expect(drawing.draw(["a", "b"], in: Self.size) == "\u{1B}[?25l\u{1B}[2Ka\n\u{1B}[2Kb\n")
    #expect(drawing.draw(["c", "d"], in: Self.size) == "\r\u{1B}[2A\u{1B}[2Kc\n\u{1B}[2Kd\n")
    #expect(drawing.draw(["e"], in: Self.size) == "\r\u{1B}[2A\u{1B}[2Ke\n\u{1B}[J")
    #expect(drawing.draw(["f"], in: Self.size) == "\r\u{1B}[1A\u{1B}[2Kf\n")
    #expect(drawing.end() == PanelDrawing.showCursor)
    #expect(drawing.end() == "")
  }

  @Test func `nothing drawn leaves the terminal alone`() {
    var drawing = PanelDrawing(isDecorated: true)

    #expect(drawing.end() == "")
  }

  @Test func `lines are cut at both edges`() {
    var drawing = PanelDrawing(isDecorated: false)

    let text = drawing.draw((0..<9).map { "line \($0), too long" }, in: Self.size)

    #expect(text == "\u{1B}[?25l" + (0..<4).map { "\u{1B}[2Kline \($0), t\n" }.joined())
  }

  @Test func `decoration is one bold line, and can be left out`() {
    var drawing = PanelDrawing(isDecorated: true)

    #expect(
      drawing.draw(["a", "b"], in: Self.size)
        == "\u{1B}[?25l\u{1B}[2K\u{1B}[1ma\u{1B}[0m\n\u{1B}[2Kb\n")
  }
}
