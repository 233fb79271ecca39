package import EkkoCore

/// Turns a shard into the bytes of a snapshot, piece by piece while writes go on (DESIGN §5.4).
///
/// The content is an answer of the shard to an asker that knows nothing: each row appears as it is
/// when the writer reaches it, and the knowledge in the end is that of the beginning. So the file
/// never knows of an update that it does not hold. A value: its owner calls `init` and each
/// `nextPiece` in a step of its own and appends the bytes to a file in between.
package struct SnapshotWriter: Sendable {
  package enum Piece: Hashable, Sendable {
    case part([UInt8])
    /// The end of the file: it may be published.
    case last([UInt8])
    /// The shard gave the answer up, as it does when its vectors change: there is no snapshot.
    case interrupted
  }

  private let walk: UInt64
  /// Bytes ready before the first row.
  private var prefix: ByteWriter
  private var checksum = CRC32C()
  private var byteCount = 0

  /// A piece is at most about this long, or one row.
  package static let pieceByteCount = 256 << 10

  /// Opens the answer; `nil` while the shard distrusts its own rows or answers too many others.
  package init?(of shard: inout Shard, at now: Instant) {
    self.prefix = ByteWriter()
    SnapshotHeader(of: shard, at: now).encode(into: &self.prefix)
    let request = SectionRequest(
      shard: shard.id, nonce: Self.nonce, epoch: shard.epoch, formClass: shard.formClass,
      knowledge: VersionVector(), replace: true)
    let opening = shard.openWalk(for: request, announced: 0, into: &self.prefix)
    guard case .opened(let walk) = opening else { return nil }
    self.walk = walk
  }

  /// The one section of a file needs no name.
  static let nonce: UInt64 = 0

  package mutating func nextPiece(
    of shard: inout Shard, byteLimit: Int = Self.pieceByteCount
  ) -> Piece {
    guard shard.walks.contains(where: { $0.id == self.walk }) else { return .interrupted }
    var writer = self.prefix
    self.prefix = ByteWriter()
    let counters = shard.counters
    let progress = shard.continueWalk(
      self.walk, byteLimit: min(byteLimit, Self.pieceByteCount), into: &writer)
    // To a file, not to a peer.
    shard.counters = counters
    self.byteCount += writer.count
    switch progress {
    case .more:
      self.checksum.update(writer.bytes.span)
      return .part(writer.bytes)
    case .finished:
      writer.write(UInt64(self.byteCount + SnapshotHeader.trailerByteCount))
      self.checksum.update(writer.bytes.span)
      writer.write(self.checksum.finalize())
      return .last(writer.bytes)
    }
  }

  /// Ends the shard's answer when the file cannot be written to its end.
  package func abandon(in shard: inout Shard) { shard.abandonWalk(self.walk, keepUntil: nil) }
}
