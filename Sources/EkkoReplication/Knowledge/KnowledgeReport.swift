package import EkkoCore

/// What members are known, at the least, to have merged (DESIGN §5.10): travels from requesters to
/// the peers they pull from, one way, and is never wrong, only late.
package struct KnowledgeReport: Hashable, Sendable {
  /// A replica in one life.
  package struct Member: Hashable, Comparable, Sendable {
    package var node: NodeID
    package var incarnation: IncarnationID

    package init(node: NodeID, incarnation: IncarnationID) {
      self.node = node
      self.incarnation = incarnation
    }

    package static func < (left: Member, right: Member) -> Bool {
      (left.node, left.incarnation) < (right.node, right.incarnation)
    }
  }

  /// The point-wise minimum of the merged knowledge of some members of one data centre; and what the
  /// minimum hides that must not be forgotten.
  package struct Group: Hashable, Sendable {
    /// Ascending; a reader counts each once.
    package var members: [Member]
    package var bounds: [ShardID: VersionVector]
    /// What one of them at least knows beyond that, of origins whose lives are over.
    package var peaks: [ShardID: VersionVector]

    package init(
      members: [Member], bounds: [ShardID: VersionVector], peaks: [ShardID: VersionVector] = [:]
    ) {
      self.members = members
      self.bounds = bounds
      self.peaks = peaks
    }
  }

  package var groups: [Group]
  /// From one up on each link: a later report says only what has changed, and counts for more than it
  /// says if one before it was lost.
  package var number: UInt64

  package static let memberLimit = 4096

  package init(groups: [Group], number: UInt64 = 1) {
    self.groups = groups
    self.number = number
  }

  package func encode() -> [UInt8] {
    var writer = ByteWriter(reservingCapacity: 4096)
    writer.write(self.number)
    writer.write(UInt32(self.groups.count))
    for group in self.groups {
      writer.write(UInt32(group.members.count))
      for member in group.members {
        writer.write(member.node.rawValue)
        writer.write(member.incarnation)
      }
      Self.encode(group.bounds, into: &writer)
      Self.encode(group.peaks, into: &writer)
    }
    return writer.bytes
  }

  private static func encode(_ vectors: [ShardID: VersionVector], into writer: inout ByteWriter) {
    writer.write(UInt32(vectors.count))
    for (shard, vector) in vectors.sorted(by: { $0.key < $1.key }) {
      writer.write(shard)
      writer.write(vector)
    }
  }

  private static func readVectors(
    from reader: inout ByteReader
  ) throws(WireError) -> [ShardID: VersionVector] {
    let count = try reader.readCount(.shard, elementByteCount: 10)
    var vectors: [ShardID: VersionVector] = [:]
    vectors.reserveCapacity(count)
    for _ in 0..<count {
      let shard = try reader.readShardID()
      vectors[shard] = try reader.readVersionVector()
    }
    return vectors
  }

  package init(decoding bytes: Span<UInt8>) throws(WireError) {
    var reader = ByteReader(bytes)
    self.number = try reader.readUInt64()
    let groupCount = try reader.readCount(.count, elementByteCount: 8)
    self.groups = []
    for _ in 0..<groupCount {
      let memberCount = try reader.readCount(
        .count, elementByteCount: 16, limit: Self.memberLimit)
      var members: [Member] = []
      members.reserveCapacity(memberCount)
      for _ in 0..<memberCount {
        members.append(
          Member(
            node: NodeID(rawValue: try reader.readUInt64()),
            incarnation: try reader.readIncarnation()))
      }
      let bounds = try Self.readVectors(from: &reader)
      let peaks = try Self.readVectors(from: &reader)
      self.groups.append(Group(members: members, bounds: bounds, peaks: peaks))
    }
    try reader.finish()
  }
}
