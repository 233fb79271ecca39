internal import EkkoCore

/// Turns the pieces of a shard's answer to a full replace into the bytes of its snapshot file.
package struct SnapshotWriter: Sendable {
  private var checksum = CRC32C()
  private var byteCount = 0

  package init() {}

  /// The file's first bytes.
  package mutating func begin(_ header: SnapshotHeader) -> [UInt8] {
    var writer = ByteWriter(reservingCapacity: 64)
    header.encode(into: &writer)
    return self.add(writer.bytes)
  }

  /// The next bytes: items of the section.
  package mutating func add(_ items: [UInt8]) -> [UInt8] {
    self.checksum.update(items.span)
    self.byteCount += items.count
    return items
  }

  /// The file's last bytes.
  package mutating func end() -> [UInt8] {
    var writer = ByteWriter(reservingCapacity: SnapshotHeader.trailerByteCount)
    writer.write(UInt64(self.byteCount))
    var checksum = self.checksum
    checksum.update(writer.bytes.span)
    writer.write(checksum.finalize())
    return writer.bytes
  }
}
