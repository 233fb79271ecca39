/// Columns for people to read: every cell as wide as the widest of its column.
package enum TextTable {
  package enum Alignment: Hashable, Sendable {
    case left
    case right
  }

  /// The rows as lines, columns two spaces apart and nothing after the last one. Cells are shown as
  /// one line each, whatever they hold; columns without an alignment go left.
  package static func aligned(_ rows: [[String]], _ alignments: [Alignment] = []) -> [String] {
    let cells = rows.map { $0.map { $0.printable() } }
    var widths: [Int] = []
    for row in cells {
      for (column, cell) in row.enumerated() {
        if column == widths.count { widths.append(0) }
        widths[column] = max(widths[column], cell.count)
      }
    }
    return cells.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        let isRight = column < alignments.count && alignments[column] == .right
        line += (column > 0 ? "  " : "") + (isRight ? padding + cell : cell + padding)
      }
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }
  }
}
