package import EkkoCore

/// The snapshot files of shards: a file holds one shard, and a replica that starts with them pulls
/// only what it has missed since (Ekko §4.5; DESIGN §5.2, §5.4, §5.8).
///
/// A file is checked whole before anything in it is believed, then goes through the shard's ordinary
/// funnel. What cannot be taken is an error that names the reason, and the caller has nothing then.
package enum ShardSnapshot {
  /// The file of `shard`.
  package static func name(of shard: ShardID) -> String {
    "model-\(shard.model.rawValue)-shard-\(shard.index)\(Self.nameSuffix)"
  }

  package static let nameSuffix = ".snapshot"

  // MARK: Writing

  /// Writes the pieces that `nextPiece` gives to the file of `shard`, and publishes it. The former
  /// file stays until then, and for good if anything fails.
  package static func write(
    _ shard: ShardID, to store: any FileStore, nextPiece: () async -> SnapshotWriter.Piece
  ) async throws(SnapshotError) {
    do {
      let file = try await store.create(Self.name(of: shard))
      do {
        try await Self.append(to: file, nextPiece)
      } catch {
        await file.discard()
        throw error
      }
    } catch let error as SnapshotError {
      throw error
    } catch let error as FileError {
      throw .file(error)
    } catch {
      preconditionFailure("files and snapshots throw their own errors, not \(error)")
    }
  }

  private static func append(
    to file: any FileWriter, _ nextPiece: () async -> SnapshotWriter.Piece
  ) async throws {
    while true {
      switch await nextPiece() {
      case .part(let bytes):
        try await file.append(bytes)
      case .last(let bytes):
        try await file.append(bytes)
        try await file.publish()
        return
      case .interrupted:
        throw SnapshotError.interrupted
      }
    }
  }

  // MARK: Reading

  /// Reads the whole file and compares length and checksum. O(file), a piece of it in memory.
  package static func verify(
    _ reader: any FileReader
  ) async throws(SnapshotError) -> SnapshotHeader {
    var content = try SnapshotContent(reader)
    let header = try await content.readHeader()
    try await content.skipToTrailer()
    try await content.checkTrailer()
    return header
  }

  /// The shard as its file holds it, in a new life: the knowledge, epoch, forgotten times and retired
  /// origins of the file, an empty update cache with a DVV that covers every row.
  ///
  /// Versions from beyond the future bound are taken with a doubt if this replica holds the full form,
  /// see `Shard.settleLoaded`; else the error says `needsReplacement`.
  ///
  /// - Parameters:
  ///   - schemas: the tables the model has, as far as this replica knows; the file may hold an earlier
  ///     state of them, or a later one.
  ///   - incarnation: the new life, never used before.
  package static func load(
    _ shard: ShardID, from store: any FileStore, formClass: FormClass, schemas: [TableSchema],
    incarnation: IncarnationID, futureBound: Duration = Shard.usualFutureBound, at now: Instant
  ) async throws(SnapshotError) -> Shard {
    let verified = try await Self.verify(try await Self.open(shard, in: store))
    guard verified.shard == shard else { throw .wrongShard(verified.shard) }
    guard verified.formClass == formClass else { throw .wrongFormClass(verified.formClass) }
    try Self.check(verified.schemas, fit: schemas)

    var content = try SnapshotContent(try await Self.open(shard, in: store))
    // If the file was replaced since it was verified, its own checksum below vouches for it.
    guard try await content.readHeader() == verified else { throw .checksumMismatch }
    var restoration = ShardRestoration(
      verified, incarnation: incarnation, futureBound: futureBound, at: now)
    while let item = try await content.readItem() { try restoration.take(item) }
    try await content.checkTrailer()
    var loaded = try restoration.finish()
    loaded.updateSchemas(schemas)
    return loaded
  }

  private static func open(
    _ shard: ShardID, in store: any FileStore
  ) async throws(SnapshotError) -> any FileReader {
    do {
      return try await store.open(Self.name(of: shard))
    } catch {
      throw .file(error)
    }
  }

  private static func check(
    _ stored: [TableSchema], fit current: [TableSchema]
  ) throws(SnapshotError) {
    for (index, schema) in stored.enumerated() {
      guard index < current.count, schema.hasRows(like: current[index]) else {
        throw .incompatibleTable(name: schema.name)
      }
    }
  }
}
