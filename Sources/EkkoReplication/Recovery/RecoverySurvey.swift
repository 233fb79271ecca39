package import EkkoCore

/// What a primary sees when it looks for updates that survive only in a lesser form (DESIGN §4): the
/// present members, who is dead, and what everyone is known to know. A value of one moment.
package struct RecoverySurvey: Sendable {
  package typealias Member = KnowledgeReport.Member

  /// A shard this node is primary of.
  package struct OwnShard: Hashable, Sendable {
    package var id: ShardID
    package var knowledge: VersionVector
    /// Its rows cannot be trusted, see `Shard.mustReplace`.
    package var mustReplace: Bool

    package init(id: ShardID, knowledge: VersionVector, mustReplace: Bool = false) {
      self.id = id
      self.knowledge = knowledge
      self.mustReplace = mustReplace
    }
  }

  /// Ascending; without those that wait to know whose clock was wrong. What those claim to know may be
  /// taken back, and nobody must have heard it.
  package var shards: [OwnShard]
  /// Whether no shard was left out.
  package var isWhole = true
  /// The other members by form, ascending.
  package var lesser: [Member]
  package var full: [Member]
  /// The present lives of all members.
  package var living: Set<IncarnationID>
  /// Origins whose updates count as known everywhere.
  package var retired: Set<IncarnationID>
  package var knowledge: StableKnowledge

  package init(
    shards: [OwnShard], lesser: [Member], full: [Member],
    living: Set<IncarnationID>, retired: Set<IncarnationID> = [],
    knowledge: StableKnowledge = StableKnowledge()
  ) {
    self.shards = shards
    self.lesser = lesser
    self.full = full
    self.living = living
    self.retired = retired
    self.knowledge = knowledge
  }

  /// `nil` while this node must not issue versions, or is not listed in its present life: then what
  /// the catalogue says of the others may be old as well.
  init?(_ node: ReplicaNode) {
    let (catalogue, membership) = (node.catalogue, node.membership)
    guard node.formClass == .full, node.mayIssue,
      membership.entries[node.nodeID]?.incarnation == node.incarnation
    else { return nil }
    let primary = node.shards.all.map(\.id).filter { catalogue.primary(of: $0) == node.nodeID }
    let entries = zip(primary, node.board.entries(of: primary))
    self.init(
      shards: entries.compactMap { shard, entry in
        guard let entry, !entry.awaitsClock else { return nil }
        return OwnShard(
          id: shard, knowledge: entry.knowledge, mustReplace: entry.needsReplacement)
      },
      lesser: membership.members.filter { membership.entries[$0.node]?.formClass != .full },
      full: membership.fullMembers(besides: node.nodeID),
      living: Set(membership.entries.values.map(\.incarnation)),
      retired: Set(catalogue.retired.map(\.incarnation)),
      knowledge: node.knowledge.knowledge)
    self.isWhole = self.shards.count == primary.count
  }

  /// Whether `member`, or one it was named with, is known to know more than `own` of an origin that is
  /// dead and not retired.
  func isAhead(_ member: Member, in shard: ShardID, of own: VersionVector) -> Bool {
    self.knowledge.peak(of: member, about: shard).entries.contains { entry in
      entry.timestamp > own[entry.origin] && !self.living.contains(entry.origin)
        && !self.retired.contains(entry.origin)
    }
  }
}
