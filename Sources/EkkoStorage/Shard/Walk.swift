package import EkkoCore

/// What a requester asks of one shard (Ekko §4.3, step 3 of Figure 3).
package struct SectionRequest: Hashable, Sendable {
  package var shard: ShardID
  package var nonce: UInt64
  package var epoch: ModelEpoch
  package var formClass: FormClass
  /// The requester's shard knowledge when it asked.
  package var knowledge: VersionVector
  /// The responder's arrival sequence that the requester last merged; zero for none.
  package var mark: UInt64
  /// The requester distrusts its own rows and wants all of the responder's.
  package var replace: Bool
  package var resume: ResumeToken?

  package init(
    shard: ShardID, nonce: UInt64, epoch: ModelEpoch, formClass: FormClass,
    knowledge: VersionVector, mark: UInt64 = 0, replace: Bool = false, resume: ResumeToken? = nil
  ) {
    self.shard = shard
    self.nonce = nonce
    self.epoch = epoch
    self.formClass = formClass
    self.knowledge = knowledge
    self.mark = mark
    self.replace = replace
    self.resume = resume
  }
}

/// Where a section broke off, as the requester last accepted it (DESIGN §5.5). Good only at the
/// incarnation, epoch and scan it names; anywhere else the section restarts.
package struct ResumeToken: Hashable, Sendable {
  package var responder: IncarnationID
  package var scan: UInt64
  package var cursor: ScanCursor
  package var entryCount: UInt64
  package var checksum: UInt32

  package init(
    responder: IncarnationID, scan: UInt64, cursor: ScanCursor, entryCount: UInt64, checksum: UInt32
  ) {
    self.responder = responder
    self.scan = scan
    self.cursor = cursor
    self.entryCount = entryCount
    self.checksum = checksum
  }
}

/// An answer being given, piece by piece (DESIGN §5.4). All that the section's end will claim is
/// frozen here at the snapshot; rows are sent in the version they have when the walk reaches them.
///
/// A *cache walk* goes through the update cache in order of arrival up to `mark`; rows rewritten
/// between its cursor and `mark` are noted in `rewritten` by the shard and visited at the end. A
/// *scan* goes through the slots in order. Neither passes over a row present at the snapshot.
package struct Walk: Sendable {
  package enum Position: Hashable, Sendable {
    case cache(after: UInt64)
    case scan(ScanCursor)
  }

  package let id: UInt64
  package internal(set) var nonce: UInt64
  package let asked: VersionVector
  package let mode: SectionMode
  let formClass: FormClass
  package internal(set) var position: Position
  package let knowledge: VersionVector
  package let ahead: VersionVector
  package let aheadDigest: UInt64
  let significantKnowledge: VersionVector
  package let shardVersion: ShardVersion
  let forgotten: VersionVector
  package let mark: UInt64
  let announced: UInt64
  /// Slots of each table that existed at the snapshot.
  package let slotLimits: [Int]
  /// The asker's knowledge by origin index; origins interned later count as unknown to it.
  let bounds: [UInt64]
  /// The bytes a row of each table takes on the wire.
  let rowByteCounts: [Int]
  package internal(set) var rewritten: [RowReference] = []
  #if PlantedBugs
    var oldest: UInt64?
  #endif
  package internal(set) var entryCount: UInt64 = 0
  var checksum = CRC32C()
  /// When an abandoned walk is dropped; `nil` while someone is reading from it.
  var expiry: MonotonicTime?

  package struct RowReference: Hashable, Sendable {
    package let table: UInt16
    package let slot: UInt32
  }

  /// Whether the asker knows the row stamped `stamp` already.
  @inline(__always)
  func isKnown(_ stamp: RowTable.Stamp) -> Bool {
    self.isKnown(stamp.timestamp, origin: stamp.origin)
  }

  @inline(__always)
  func isKnown(_ timestamp: Timestamp, origin: UInt32) -> Bool {
    let origin = Int(origin)
    return origin < self.bounds.count && self.bounds[origin] >= timestamp.rawValue
  }
}
