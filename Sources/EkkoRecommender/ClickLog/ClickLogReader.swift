/// Reads a click log from a byte source, batch by batch.
package struct ClickLogReader<Source: ByteSource>: ExampleSource {
  private var parser: ClickLogParser
  private var source: Source
  private var isEnded = false

  package init(format: ClickLogFormat, source: Source) {
    self.parser = ClickLogParser(format: format)
    self.source = source
  }

  package var layout: ExampleLayout { self.parser.format.layout }

  /// Rows read so far, whether accepted or skipped.
  package var rowsRead: Int { self.parser.rowsRead }

  package var skipped: SkippedRows { self.parser.skipped }

  /// Whether rows were read and none was good, which callers treat as a wrong format.
  package var isAllSkipped: Bool { self.parser.isAllSkipped }

  /// The next `limit` good rows, fewer only at the end of the log.
  package mutating func nextBatch(limit: Int) async throws -> ExampleBatch? {
    precondition(limit > 0, "a batch has at least one row")
    guard !self.isEnded else { return nil }
    var batch = ExampleBatch(layout: self.layout, reservingCapacity: min(limit, 4096))
    while true {
      switch try self.parser.parse(into: &batch, limit: limit) {
      case .batchFull:
        return batch
      case .ended:
        self.isEnded = true
        return batch.isEmpty ? nil : batch
      case .needsBytes:
        if let chunk = try await self.source.nextChunk() {
          self.parser.append(chunk)
        } else {
          self.parser.finishInput()
        }
      }
    }
  }
}
