/// Cuts the bytes of a click log into lines and parses these into batches.
///
/// Fed with chunks of any size, it holds at most one chunk and one unfinished line. It performs no
/// I/O: `ClickLogReader` drives it.
package struct ClickLogParser: Sendable {
  package static let longestLine = 1 << 20

  package enum Progress: Hashable, Sendable {
    /// The batch holds as many rows as were asked for.
    case batchFull
    /// All bytes so far are used; append more or finish.
    case needsBytes
    /// The input ended and all of it is used.
    case ended
  }

  package let format: ClickLogFormat
  /// Rows read, whether accepted or skipped. Empty lines are no rows.
  package private(set) var rowsRead = 0
  package private(set) var skipped = SkippedRows()

  /// Two properties rather than one enum, so that the history tables are changed in place.
  private var criteo = CriteoRow()
  private var ratings: RatingRow?
  private var bytes: [UInt8] = []
  private var lineStart = 0
  /// Bytes before this offset hold no line end after `lineStart`.
  private var searched = 0
  private var lineNumber = 0
  private var isInputFinished = false

  package init(format: ClickLogFormat) {
    self.format = format
    self.ratings = format == .movietweetings ? RatingRow() : nil
  }

  /// Whether rows were read and none was good.
  package var isAllSkipped: Bool { self.rowsRead > 0 && self.rowsRead == self.skipped.count }

  package mutating func append(_ chunk: [UInt8]) {
    self.bytes.removeFirst(self.lineStart)
    self.searched -= self.lineStart
    self.lineStart = 0
    self.bytes.append(contentsOf: chunk)
  }

  /// No more bytes will come: what is left is the last line.
  package mutating func finishInput() { self.isInputFinished = true }

  /// Parses lines into `batch` until it holds `limit` rows or the bytes are used up.
  package mutating func parse(
    into batch: inout ExampleBatch, limit: Int
  ) throws(ClickLogError) -> Progress {
    while batch.count < limit {
      guard let end = self.nextLineEnd() else {
        guard self.bytes.count - self.lineStart <= Self.longestLine else {
          throw .lineTooLong(line: self.lineNumber + 1, limit: Self.longestLine)
        }
        guard self.isInputFinished else { return .needsBytes }
        guard self.lineStart < self.bytes.count else { return .ended }
        try self.parseLine(self.lineStart..<self.bytes.count, into: &batch)
        self.lineStart = self.bytes.count
        return .ended
      }
      try self.parseLine(self.lineStart..<end, into: &batch)
      self.lineStart = end + 1
    }
    return .batchFull
  }

  private mutating func nextLineEnd() -> Int? {
    let end = Self.lineEnd(in: self.bytes.span, from: self.searched)
    self.searched = end.map { $0 + 1 } ?? self.bytes.count
    return end
  }

  private static func lineEnd(in bytes: Span<UInt8>, from start: Int) -> Int? {
    var index = start
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "\n") { return index }
      index += 1
    }
    return nil
  }

  private mutating func parseLine(
    _ range: Range<Int>, into batch: inout ExampleBatch
  ) throws(ClickLogError) {
    self.lineNumber += 1
    let content = self.withoutCarriageReturn(range)
    guard !content.isEmpty else { return }
    try self.check(self.bytes.span.extracting(content))
    self.rowsRead += 1
    switch self.parseRow(content, into: &batch) {
    case .accepted: break
    case .ragged(let fieldCount):
      self.skipped.noteRagged(fieldCount: fieldCount, line: self.lineNumber)
    case .malformed: self.skipped.noteMalformed(line: self.lineNumber)
    }
  }

  private func withoutCarriageReturn(_ range: Range<Int>) -> Range<Int> {
    guard !range.isEmpty, self.bytes[range.upperBound - 1] == UInt8(ascii: "\r") else {
      return range
    }
    return range.dropLast()
  }

  private func check(_ line: Span<UInt8>) throws(ClickLogError) {
    guard Self.isText(line) else { throw .binary(line: self.lineNumber) }
    if self.rowsRead == 0, !self.recognises(line) { throw .wrongFormat(self.format) }
  }

  private mutating func parseRow(
    _ range: Range<Int>, into batch: inout ExampleBatch
  ) -> RowOutcome {
    // A second reference, not a copy: nothing writes to the bytes while it lives.
    let bytes = self.bytes
    let line = bytes.span.extracting(range)
    return self.ratings?.parse(line, into: &batch) ?? self.criteo.parse(line, into: &batch)
  }

  private func recognises(_ line: Span<UInt8>) -> Bool {
    switch self.format {
    case .criteo: CriteoRow.recognises(line)
    case .movietweetings: RatingRow.recognises(line)
    }
  }

  private static func isText(_ line: Span<UInt8>) -> Bool {
    var isASCII = true
    for index in line.indices {
      let byte = line[index]
      if byte < 0x20, byte != UInt8(ascii: "\t") { return false }
      if byte >= 0x80 { isASCII = false }
    }
    if isASCII { return true }
    // Where the text goes wrong does not matter.
    return (try? UTF8Span(validating: line)) != nil
  }
}
