package import EkkoCore

/// The parts a section is sent in (DESIGN §5.5, §6.1). A frame holds many items of many sections;
/// an item of an unknown kind is skipped by its length, and the section it belongs to is then
/// short of entries, so its knowledge is not merged.
package enum SectionItemKind: UInt8, Sendable {
  case begin = 1
  case rows = 2
  case end = 3
  case refused = 4
}

/// How the requester must treat the rows of a section.
package enum SectionMode: UInt8, Sendable {
  /// Everything the asker did not know.
  case difference = 1
  /// All rows: whatever the asker has besides, if covered by K, is to be removed at the end.
  case replace = 2
}

/// Opens a section: which shard, in answer to which request.
package struct SectionBegin: Hashable, Sendable {
  package let shard: ShardID
  package let nonce: UInt64
  package let responder: IncarnationID
  package let epoch: ModelEpoch
  package let mode: SectionMode
  /// Names the scan at the responder, so that a broken section can be resumed; zero for none.
  package let scan: UInt64

  func encode(into writer: inout ByteWriter) {
    let header = ItemHeader(begin: .begin, in: &writer)
    writer.write(self.shard)
    writer.write(self.nonce)
    writer.write(self.responder)
    writer.write(self.epoch.rawValue)
    writer.write(self.mode.rawValue)
    writer.write(self.scan)
    header.finish(in: &writer)
  }

  package init(
    shard: ShardID, nonce: UInt64, responder: IncarnationID, epoch: ModelEpoch, mode: SectionMode,
    scan: UInt64
  ) {
    self.shard = shard
    self.nonce = nonce
    self.responder = responder
    self.epoch = epoch
    self.mode = mode
    self.scan = scan
  }

  package init(from reader: inout ByteReader) throws(WireError) {
    self.shard = try reader.readShardID()
    self.nonce = try reader.readUInt64()
    self.responder = try reader.readIncarnation()
    self.epoch = ModelEpoch(rawValue: try reader.readUInt64())
    let mode = try reader.readUInt8()
    guard let known = SectionMode(rawValue: mode) else { throw .unknownKind(mode) }
    self.mode = known
    self.scan = try reader.readUInt64()
  }
}

/// Closes a section: "complete for knowledge K". Only with this may K be merged, and only if every
/// entry was accepted (Ekko §4.3; DESIGN §5.5).
package struct SectionEnd: Hashable, Sendable {
  package var shard: ShardID
  package var nonce: UInt64
  package var responder: IncarnationID
  package var epoch: ModelEpoch
  package var mode: SectionMode
  /// K: the responder's shard knowledge at the section's snapshot.
  package var knowledge: VersionVector
  /// Rows the section contains beyond K, as the largest time per origin.
  package var ahead: VersionVector
  /// Which rows those are, if the asker knew as much as the responder and so may hold the same; zero
  /// otherwise. The times alone do not tell: two replicas may lack different rows below them.
  package var aheadDigest: UInt64
  package var significantKnowledge: VersionVector
  package var shardVersion: ShardVersion
  /// The largest times of tombstones the responder has collected.
  package var forgotten: VersionVector
  /// The responder's arrival sequence at the snapshot: echoed once merged, it acknowledges.
  package var mark: UInt64
  /// The sequence of the responder's announcements at the snapshot.
  package var announced: UInt64
  package var entryCount: UInt64
  package var checksum: UInt32

  func encode(into writer: inout ByteWriter) {
    let header = ItemHeader(begin: .end, in: &writer)
    writer.write(self.shard)
    writer.write(self.nonce)
    writer.write(self.responder)
    writer.write(self.epoch.rawValue)
    writer.write(self.mode.rawValue)
    writer.write(self.knowledge)
    writer.write(self.ahead)
    writer.write(self.aheadDigest)
    writer.write(self.significantKnowledge)
    writer.write(self.shardVersion)
    writer.write(self.forgotten)
    writer.write(self.mark)
    writer.write(self.announced)
    writer.write(self.entryCount)
    writer.write(self.checksum)
    header.finish(in: &writer)
  }

  package init(from reader: inout ByteReader) throws(WireError) {
    self.shard = try reader.readShardID()
    self.nonce = try reader.readUInt64()
    self.responder = try reader.readIncarnation()
    self.epoch = ModelEpoch(rawValue: try reader.readUInt64())
    let mode = try reader.readUInt8()
    guard let known = SectionMode(rawValue: mode) else { throw .unknownKind(mode) }
    self.mode = known
    self.knowledge = try reader.readVersionVector()
    self.ahead = try reader.readVersionVector()
    self.aheadDigest = try reader.readUInt64()
    self.significantKnowledge = try reader.readVersionVector()
    self.shardVersion = try reader.readShardVersion()
    self.forgotten = try reader.readVersionVector()
    self.mark = try reader.readUInt64()
    self.announced = try reader.readUInt64()
    self.entryCount = try reader.readUInt64()
    self.checksum = try reader.readUInt32()
  }

  init(walk: Walk, of shard: borrowing Shard) {
    self.shard = shard.id
    self.nonce = walk.nonce
    self.responder = shard.incarnation
    self.epoch = shard.epoch
    self.mode = walk.mode
    self.knowledge = walk.knowledge
    self.ahead = walk.ahead
    self.aheadDigest = walk.aheadDigest
    self.significantKnowledge = walk.significantKnowledge
    self.shardVersion = walk.shardVersion
    self.forgotten = walk.forgotten
    // Tombstones that went before the walk came to them: the knowledge covers them, the rows do not.
    if walk.mode == .replace { self.forgotten.merge(shard.forgotten.intersection(walk.knowledge)) }
    self.mark = walk.mark
    self.announced = walk.announced
    self.entryCount = walk.entryCount
    self.checksum = walk.checksum.finalize()
    #if PlantedBugs
      switch (PlantedBug.active, isSnapshot: walk.nonce == SnapshotWriter.nonce) {
      case (.knowledgeReadLast, false), (.snapshotKnowledgeReadLast, true):
        self.knowledge = shard.knowledge
      case (.shardVersionReadLast, false): self.shardVersion = shard.shardVersion
      default: break
      }
    #endif
  }
}

/// Says why a shard that was asked for is not answered now.
package struct SectionRefusal: Hashable, Sendable {
  package enum Reason: UInt8, Sendable {
    case unknownShard = 1
    case differentEpoch = 2
    /// The asker needs a fuller form than this replica holds.
    case lesserForm = 3
    /// All scan places are taken, or the replica is replacing its own state: ask again later.
    case busy = 4
  }

  package let shard: ShardID
  package let nonce: UInt64
  package let reason: Reason

  package init(shard: ShardID, nonce: UInt64, reason: Reason) {
    self.shard = shard
    self.nonce = nonce
    self.reason = reason
  }

  package func encode(into writer: inout ByteWriter) {
    let header = ItemHeader(begin: .refused, in: &writer)
    writer.write(self.shard)
    writer.write(self.nonce)
    writer.write(self.reason.rawValue)
    header.finish(in: &writer)
  }

  package init(from reader: inout ByteReader) throws(WireError) {
    self.shard = try reader.readShardID()
    self.nonce = try reader.readUInt64()
    let reason = try reader.readUInt8()
    guard let known = Reason(rawValue: reason) else { throw .unknownKind(reason) }
    self.reason = known
  }
}

/// Kind and length before each item; the length is filled in when the item is complete.
package struct ItemHeader: Sendable {
  package static let byteCount = 5
  private let lengthOffset: Int

  package init(begin kind: SectionItemKind, in writer: inout ByteWriter) {
    self.init(beginRaw: kind.rawValue, in: &writer)
  }

  package init(beginRaw kind: UInt8, in writer: inout ByteWriter) {
    writer.write(kind)
    self.lengthOffset = writer.count
    writer.write(UInt32(0))
  }

  package func finish(in writer: inout ByteWriter) {
    writer.patch(UInt32(writer.count - self.lengthOffset - 4), at: self.lengthOffset)
  }
}
