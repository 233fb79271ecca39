package import EkkoCore

/// What all present members know of each shard: the bound for tombstones and retirement.
package struct StableBounds: Sendable {
  private let knowledge: StableKnowledge
  private let own: KnowledgeReport.Member
  private let members: [KnowledgeReport.Member]
  private let node: ReplicaNode

  package init(_ node: ReplicaNode) {
    self.node = node
    self.knowledge = node.knowledge.knowledge
    self.own = KnowledgeReport.Member(node: node.nodeID, incarnation: node.incarnation)
    self.members = node.membership.members
  }

  /// `nil` while this node itself is not listed as a member, so that nothing can be concluded.
  package subscript(shard: ShardID) -> VersionVector? {
    guard self.members.contains(self.own), let held = self.node.board[shard] else { return nil }
    let others = self.members.filter { $0 != self.own }
    guard !others.isEmpty else { return held.knowledge }
    return held.knowledge.intersection(self.knowledge.minimum(over: others, of: shard))
  }

  /// Whether some other member is known to know more of `origin` than up to `seal`.
  func isExceeded(_ seal: Timestamp, of origin: IncarnationID, in shard: ShardID) -> Bool {
    self.members.contains {
      $0 != self.own && self.knowledge.peak(of: $0, about: shard)[origin] > seal
    }
  }
}
