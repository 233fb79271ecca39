package import EkkoRecommender

extension SkippedRows {
  /// How many rows were skipped per number of fields, as reports have it. Rows with a field that
  /// cannot be read have the right number of them and count in no entry.
  package var countByFieldCount: [Int: Int] { self.byFieldCount.mapValues(\.count) }

  /// What to say of them on stderr, a line for each kind; none if there are none.
  package var lines: [String] {
    var lines = self.byFieldCount.sorted { $0.key < $1.key }.map { fields, entry in
      Self.line(entry, "of \(fields) \(fields == 1 ? "field" : "fields")")
    }
    if let malformed = self.malformed {
      lines.append(Self.line(malformed, "with a field that cannot be read"))
    }
    return lines
  }

  private static func line(_ entry: Entry, _ kind: String) -> String {
    "skipped \(Figures.grouped(entry.count)) \(entry.count == 1 ? "row" : "rows") \(kind), "
      + "the first in line \(entry.firstLine)"
  }
}
