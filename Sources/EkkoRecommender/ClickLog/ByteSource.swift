/// Where a click log's bytes come from: a file, a file that grows, a test.
package protocol ByteSource {
  /// The next bytes, or `nil` at the end. No bytes mean that more may come later: rows that were
  /// read already should not wait for them.
  mutating func nextChunk() async throws -> [UInt8]?
}

/// Bytes that are already in memory, handed out in pieces.
package struct MemoryByteSource: ByteSource, Sendable {
  private let bytes: [UInt8]
  private let chunkByteCount: Int
  private var offset = 0

  package init(_ bytes: [UInt8], chunkByteCount: Int = 1 << 16) {
    precondition(chunkByteCount > 0, "a chunk has at least one byte")
    self.bytes = bytes
    self.chunkByteCount = chunkByteCount
  }

  package mutating func nextChunk() async -> [UInt8]? {
    guard self.offset < self.bytes.count else { return nil }
    let end = min(self.offset + self.chunkByteCount, self.bytes.count)
    defer { self.offset = end }
    return Array(self.bytes[self.offset..<end])
  }
}
