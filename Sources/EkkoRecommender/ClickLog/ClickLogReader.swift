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

  /// Whether rows were read and none was good, or the log has ended without any, which callers treat
  /// as a wrong format.
  package var isAllSkipped: Bool {
    self.parser.isAllSkipped || self.isEnded && self.parser.rowsRead == 0
  }

  /// The next `limit` good rows; fewer at the end of the log or where its source falls quiet.
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
        guard let chunk = try await self.source.nextChunk() else {
          self.parser.finishInput()
          continue
        }
        self.parser.append(chunk)
        if chunk.isEmpty, !batch.isEmpty { return batch }
      }
    }
  }
}
