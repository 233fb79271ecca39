package import EkkoCore

/// Why a snapshot could not be written or loaded. Nothing of the file was taken.
package enum SnapshotError: Error, Hashable, Sendable {
  /// The file could not be read or written; its `reason` tells a missing one apart.
  case file(FileError)
  /// The file does not begin like a snapshot.
  case notASnapshot
  case unsupportedFormat(UInt16)
  /// The file is longer or shorter than it says itself.
  case wrongLength(byteCount: Int)
  case checksumMismatch
  /// The checksum holds, yet the content makes no sense: written wrongly or made up.
  case malformed(WireError)
  /// The section within does not hold all that its end says.
  case incomplete
  case wrongShard(ShardID)
  case wrongFormClass(FormClass)
  /// The snapshot has a table that the model has no longer, or has in another shape.
  case incompatibleTable(name: String)
  case refused(Shard.Refusal)
  /// A time lies further ahead of the wall than this replica can mend: the shard must start empty
  /// and take a full replace (DESIGN §5.2).
  case needsReplacement(beyond: Timestamp)
  /// The shard gave up the answer that was being written: try again.
  case interrupted
}

extension SnapshotError {
  /// Whether the file was not read as it was written: another time it may be.
  package var isOfReading: Bool {
    switch self {
    case .file, .notASnapshot, .unsupportedFormat, .wrongLength, .checksumMismatch, .malformed,
      .incomplete:
      true
    case .wrongShard, .wrongFormClass, .incompatibleTable, .refused, .needsReplacement,
      .interrupted:
      false
    }
  }

  init(_ refusal: Shard.Refusal) {
    if case .fromTheFuture(let timestamp) = refusal {
      self = .needsReplacement(beyond: timestamp)
    } else {
      self = .refused(refusal)
    }
  }
}

extension SnapshotError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .file(let error): error.description
    case .notASnapshot: "the file is not a snapshot"
    case .unsupportedFormat(let version): "the snapshot has format \(version), which is not known"
    case .wrongLength(let byteCount): "the snapshot is cut short or too long at \(byteCount) bytes"
    case .checksumMismatch: "the snapshot is damaged: its checksum does not match"
    case .malformed(let error): "the snapshot makes no sense: \(error)"
    case .incomplete: "the snapshot does not hold all the rows it should"
    case .wrongShard(let shard):
      "the snapshot is of shard \(shard.index) of model \(shard.model.rawValue)"
    case .wrongFormClass(let form): "the snapshot holds rows in \(form) form"
    case .incompatibleTable(let name): "table \(name) of the snapshot does not fit the model's"
    case .refused(let refusal): "the snapshot's rows were refused: \(refusal)"
    case .needsReplacement(let timestamp):
      "the snapshot holds time \(timestamp.microseconds) µs, too far in the future"
    case .interrupted: "the snapshot was interrupted by a change of the shard"
    }
  }
}
