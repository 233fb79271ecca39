package import EkkoCore

/// Reading a shard's snapshot file.
package enum ShardSnapshot {
  package static func fileName(of shard: ShardID) -> String {
    "shard-\(shard.model.rawValue)-\(shard.index).ekko"
  }

  private static let chunkByteCount = 1 << 20

  /// Checks the whole file: length, checksum, header.
  package static func verify(
    _ name: String, in files: any FileStore
  ) async throws(SnapshotError) -> SnapshotHeader {
    let reader = try await Self.open(name, in: files)
    let bodyCount = reader.byteCount - SnapshotHeader.trailerByteCount
    guard bodyCount > 0 else {
      throw .corrupt(
        .truncated(needed: SnapshotHeader.trailerByteCount, available: reader.byteCount))
    }
    var checksum = CRC32C()
    var tail: [UInt8] = []
    var header: SnapshotHeader?
    var seen = 0
    while true {
      let chunk = try await Self.read(reader)
      guard !chunk.isEmpty else { break }
      if header == nil { header = try Self.header(of: chunk) }
      // All but the last four bytes count.
      let counted = min(chunk.count, max(0, reader.byteCount - 4 - seen))
      checksum.update(chunk.span.extracting(0..<counted))
      seen += chunk.count
      tail = Array((tail + chunk.suffix(SnapshotHeader.trailerByteCount)).suffix(12))
    }
    do throws(WireError) {
      var trailer = ByteReader(tail.span)
      let written = try trailer.readUInt64()
      let expected = try trailer.readUInt32()
      guard seen == reader.byteCount, written == UInt64(bodyCount) else {
        throw .truncated(needed: Int(clamping: written), available: bodyCount)
      }
      guard checksum.finalize() == expected else { throw .checksumMismatch }
    } catch {
      throw .corrupt(error)
    }
    guard let header else { throw .corrupt(.truncated(needed: 1, available: 0)) }
    return header
  }

  /// Loads a verified file into a shard of a new life, through the same funnel as a peer's answer
  /// (DESIGN §5.4).
  package static func load(
    _ name: String, in files: any FileStore, as shard: ShardID, schemas: [TableSchema],
    formClass: FormClass, incarnation: IncarnationID, at now: Instant
  ) async throws(SnapshotError) -> Shard {
    let header = try await Self.verify(name, in: files)
    guard header.shard == shard else { throw .wrongShard(header.shard) }
    guard header.formClass == formClass else { throw .wrongForm(header.formClass) }
    var loader = SnapshotLoader(
      header, schemas: schemas, incarnation: incarnation, at: now)
    let reader = try await Self.open(name, in: files)
    var left = reader.byteCount - SnapshotHeader.trailerByteCount
    while left > 0 {
      let chunk = try await Self.read(reader)
      guard !chunk.isEmpty else { break }
      try loader.take(chunk.prefix(left))
      left -= chunk.count
    }
    return try loader.finish()
  }

  private static func open(
    _ name: String, in files: any FileStore
  ) async throws(SnapshotError) -> any FileReader {
    do throws(FileError) { return try await files.open(name) } catch { throw .file(error) }
  }

  private static func read(_ reader: any FileReader) async throws(SnapshotError) -> [UInt8] {
    do throws(FileError) {
      return try await reader.read(upTo: Self.chunkByteCount)
    } catch {
      throw .file(error)
    }
  }

  private static func header(of chunk: [UInt8]) throws(SnapshotError) -> SnapshotHeader {
    try Self.decodeHeader(chunk).header
  }

  fileprivate static func headerByteCount(of chunk: [UInt8]) throws(SnapshotError) -> Int {
    try Self.decodeHeader(chunk).byteCount
  }

  private static func decodeHeader(
    _ chunk: [UInt8]
  ) throws(SnapshotError) -> (header: SnapshotHeader, byteCount: Int) {
    do throws(WireError) {
      var reader = ByteReader(chunk.span)
      return (try SnapshotHeader(from: &reader), reader.offset)
    } catch {
      throw .corrupt(error)
    }
  }
}

/// Applies a snapshot's items as they are read.
private struct SnapshotLoader {
  private var shard: Shard
  private var reception: SectionReception
  private var buffer: [UInt8] = []
  private var isPastHeader = false
  private var isOver = false
  private let now: Instant

  init(
    _ header: SnapshotHeader, schemas: [TableSchema], incarnation: IncarnationID, at now: Instant
  ) {
    // Times of the future are dealt with below, with the whole shard at hand.
    self.shard = Shard(
      id: header.shard, schemas: schemas, formClass: header.formClass, incarnation: incarnation,
      epoch: header.epoch, futureBound: .seconds(1 << 40))
    self.shard.markRetired(header.retired)
    self.reception = SectionReception(
      nonce: 0, asked: VersionVector(), responder: header.writer)
    self.now = now
  }

  mutating func take(_ bytes: ArraySlice<UInt8>) throws(SnapshotError) {
    self.buffer += bytes
    var used = self.isPastHeader ? 0 : try ShardSnapshot.headerByteCount(of: self.buffer)
    self.isPastHeader = true
    while let item = Self.nextItem(in: self.buffer, from: used) {
      try self.apply(Array(self.buffer[item]))
      used = item.upperBound
    }
    self.buffer.removeFirst(used)
  }

  private static func nextItem(in buffer: [UInt8], from offset: Int) -> Range<Int>? {
    guard buffer.count - offset >= ItemHeader.byteCount else { return nil }
    let length = (1...4).reduce(0) { $0 | Int(buffer[offset + $1]) << (8 * ($1 - 1)) }
    let end = offset + ItemHeader.byteCount + length
    return end <= buffer.count ? offset..<end : nil
  }

  private mutating func apply(_ bytes: [UInt8]) throws(SnapshotError) {
    let items: [SectionItem]
    do throws(WireError) { items = try SectionItem.decodeAll(bytes.span) } catch {
      throw .corrupt(error)
    }
    for item in items {
      switch self.shard.receive(item, in: bytes.span, reception: &self.reception, at: self.now) {
      case .progressed: break
      case .ended(.merged): self.isOver = true
      case .ended(.refused(let refusal)): throw .refused(refusal)
      case .ended(.dropped): throw .corrupt(.checksumMismatch)
      }
    }
  }

  consuming func finish() throws(SnapshotError) -> Shard {
    guard self.isOver, self.buffer.isEmpty else {
      throw .corrupt(.truncated(needed: self.buffer.count + 1, available: self.buffer.count))
    }
    guard self.shard.acceptLoadedTimes(at: self.now) else { throw .fromTheFuture }
    return self.shard
  }
}
