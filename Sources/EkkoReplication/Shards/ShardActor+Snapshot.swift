internal import EkkoCore
package import EkkoStorage

/// Saving a shard to its file.
extension ShardActor {
  /// Writes the shard's snapshot piece by piece; writes and answers go on in between. After an error
  /// the former file is still there.
  package func save(
    to files: any FileStore, pieceByteLimit: Int = SnapshotWriter.pieceByteCount
  ) async throws(SnapshotError) {
    guard var writer = SnapshotWriter(of: &self.shard, at: self.clock.now()) else {
      throw .interrupted
    }
    do {
      try await ShardSnapshot.write(self.id, to: files) {
        writer.nextPiece(of: &self.shard, byteLimit: pieceByteLimit)
      }
    } catch {
      writer.abandon(in: &self.shard)
      throw error
    }
  }
}
