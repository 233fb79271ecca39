/// Draws lines over the ones drawn before, with the control sequences every terminal knows (ECMA-48).
/// It decides what to write and writes nothing itself.
package struct PanelDrawing: Hashable, Sendable {
  package struct Size: Hashable, Sendable {
    package var columns: Int
    package var rows: Int

    package init(columns: Int, rows: Int) {
      self.columns = columns
      self.rows = rows
    }
  }

  /// Shows the cursor again: what must reach the terminal however the program ends.
  package static let showCursor = "\u{1B}[?25h"

  private static let hideCursor = "\u{1B}[?25l"
  private static let clearLine = "\u{1B}[2K"
  private static let clearBelow = "\u{1B}[J"

  /// Whether the first line is shown bold, which is all the decoration there is.
  private let isDecorated: Bool
  private var shownCount = 0

  package init(isDecorated: Bool) { self.isDecorated = isDecorated }

  /// What to write to show `lines` in place of those shown last. Lines are cut at the edge: one that
  /// wrapped would take two rows, and the next drawing would start too low.
  package mutating func draw(_ lines: [String], in size: Size) -> String {
    var text = self.shownCount == 0 ? Self.hideCursor : "\r\u{1B}[\(self.shownCount)A"
    let shown = lines.prefix(max(1, size.rows - 1))
    for (place, line) in shown.enumerated() {
      let cut = String(line.prefix(max(1, size.columns - 1)))
      text += Self.clearLine
      text += self.isDecorated && place == 0 ? "\u{1B}[1m\(cut)\u{1B}[0m" : cut
      text += "\n"
    }
    if shown.count < self.shownCount { text += Self.clearBelow }
    self.shownCount = shown.count
    return text
  }

  /// What to write at the end; the last drawing stays.
  package mutating func end() -> String {
    defer { self.shownCount = 0 }
    return self.shownCount == 0 ? "" : Self.showCursor
  }
}
