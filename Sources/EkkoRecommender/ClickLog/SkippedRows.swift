/// Rows that were left out: how many, and where each kind was seen first.
package struct SkippedRows: Hashable, Sendable {
  package struct Entry: Hashable, Sendable {
    package fileprivate(set) var count: Int
    package let firstLine: Int
  }

  /// Rows with another number of fields than the format has. Each distinct number costs a line of
  /// at least that many bytes, so the table is smaller than what was read.
  package private(set) var byFieldCount: [Int: Entry] = [:]
  /// Rows with the right number of fields, one of which cannot be read.
  package private(set) var malformed: Entry?

  package init() {}

  package var count: Int {
    self.byFieldCount.values.reduce(self.malformed?.count ?? 0) { $0 + $1.count }
  }

  mutating func noteRagged(fieldCount: Int, line: Int) {
    self.byFieldCount[fieldCount, default: Entry(count: 0, firstLine: line)].count += 1
  }

  mutating func noteMalformed(line: Int) {
    self.malformed = Entry(
      count: (self.malformed?.count ?? 0) + 1, firstLine: self.malformed?.firstLine ?? line)
  }
}
