internal import EkkoCore

/// Reads a snapshot file from its beginning to its trailer and computes its checksum on the way.
/// No length in the file makes it hold more than one item.
struct SnapshotContent: Sendable {
  private let reader: any FileReader
  private var checksum = CRC32C()
  /// Bytes before the trailer that are still to be read.
  private(set) var remaining: Int

  /// Longer than any item a writer makes: a piece and one row of the longest kind.
  static let maximalItemByteCount = 4 << 20
  private static let chunkByteCount = 256 << 10

  init(_ reader: any FileReader) throws(SnapshotError) {
    self.reader = reader
    self.remaining = reader.byteCount - SnapshotHeader.trailerByteCount
    guard self.remaining >= SnapshotHeader.prefixByteCount else {
      throw .wrongLength(byteCount: reader.byteCount)
    }
  }

  /// Exactly the next `count` bytes before the trailer.
  private mutating func read(_ count: Int) async throws(SnapshotError) -> [UInt8] {
    guard count <= self.remaining else { throw .wrongLength(byteCount: self.reader.byteCount) }
    guard count > 0 else { return [] }
    let bytes = try await self.readRaw(count)
    self.checksum.update(bytes.span)
    self.remaining -= count
    return bytes
  }

  private func readRaw(_ count: Int) async throws(SnapshotError) -> [UInt8] {
    let bytes: [UInt8]
    do {
      bytes = try await self.reader.read(upTo: count)
    } catch {
      throw .file(error)
    }
    // The file may have been cut since it was opened.
    guard bytes.count == count else { throw .wrongLength(byteCount: self.reader.byteCount) }
    return bytes
  }

  /// The header, once magic and format are right.
  mutating func readHeader() async throws(SnapshotError) -> SnapshotHeader {
    let prefix = try await self.read(SnapshotHeader.prefixByteCount)
    guard Array(prefix.prefix(SnapshotHeader.magic.count)) == SnapshotHeader.magic else {
      throw .notASnapshot
    }
    let (format, byteCount) = try Self.decode(prefix) { reader throws(WireError) in
      _ = try reader.readBytes(SnapshotHeader.magic.count)
      return (try reader.readUInt16(), Int(try reader.readUInt32()))
    }
    guard format == SnapshotHeader.format else { throw .unsupportedFormat(format) }
    guard byteCount <= SnapshotHeader.maximalByteCount else {
      throw .malformed(
        .lengthOverLimit(
          field: .fileHeader, length: byteCount, limit: SnapshotHeader.maximalByteCount))
    }
    return try Self.decode(try await self.read(byteCount)) { reader throws(WireError) in
      try SnapshotHeader(decoding: &reader)
    }
  }

  /// The next item with its kind and length, as `SectionItem.decodeAll` takes it; `nil` at the end.
  mutating func readItem() async throws(SnapshotError) -> [UInt8]? {
    guard self.remaining > 0 else { return nil }
    let header = try await self.read(ItemHeader.byteCount)
    let byteCount = try Self.decode(header) { reader throws(WireError) in
      _ = try reader.readUInt8()
      return Int(try reader.readUInt32())
    }
    guard byteCount <= Self.maximalItemByteCount else {
      throw .malformed(
        .lengthOverLimit(field: .section, length: byteCount, limit: Self.maximalItemByteCount))
    }
    return header + (try await self.read(byteCount))
  }

  /// Passes over what is left before the trailer.
  mutating func skipToTrailer() async throws(SnapshotError) {
    while self.remaining > 0 {
      _ = try await self.read(min(self.remaining, Self.chunkByteCount))
    }
  }

  /// Compares length and checksum: only then may anything be believed.
  mutating func checkTrailer() async throws(SnapshotError) {
    precondition(self.remaining == 0, "the trailer is read last")
    let trailer = try await self.readRaw(SnapshotHeader.trailerByteCount)
    self.checksum.update(trailer.span.extracting(0..<8))
    let (byteCount, checksum) = try Self.decode(trailer) { reader throws(WireError) in
      (try reader.readUInt64(), try reader.readUInt32())
    }
    guard byteCount == UInt64(self.reader.byteCount) else {
      throw .wrongLength(byteCount: self.reader.byteCount)
    }
    guard checksum == self.checksum.finalize() else { throw .checksumMismatch }
  }

  private static func decode<Value>(
    _ bytes: [UInt8], _ body: (inout ByteReader) throws(WireError) -> Value
  ) throws(SnapshotError) -> Value {
    var reader = ByteReader(bytes.span)
    do {
      return try body(&reader)
    } catch {
      throw .malformed(error)
    }
  }
}
