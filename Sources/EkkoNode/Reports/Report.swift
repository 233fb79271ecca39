/// Something a verb prints: as JSON one object per line for programs, or as a row of a table for
/// people.
package protocol Report: Sendable {
  /// The object of DESIGN §12, with exactly its fields in its order.
  var json: JSONValue { get }
  /// The heads of the table's columns, and how they are aligned.
  static var columns: [(title: String, alignment: TextTable.Alignment)] { get }
  /// A cell for each column.
  var cells: [String] { get }
}

extension Array where Element: Report {
  /// The lines for stdout.
  package func lines(asJSON: Bool) -> [String] {
    if asJSON { return self.map(\.json.line) }
    guard !self.isEmpty else { return [] }
    return TextTable.aligned(
      [Element.columns.map(\.title)] + self.map(\.cells), Element.columns.map(\.alignment))
  }
}
