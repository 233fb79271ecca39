package import EkkoCore

/// What a node has heard about the knowledge of all members (DESIGN §5.10). A value.
///
/// Each report is a lower bound for the members it names, in the lives it names them in. A conclusion
/// about all members is drawn only when every present one is named. The minimum is the only source
/// for tombstone collection, retirement and `.dataCentres(n)`.
package struct StableKnowledge: Sendable {
  package typealias Member = KnowledgeReport.Member

  private struct GroupKey: Hashable {
    let reporter: NodeID
    let members: [Member]
  }

  private var groups: [GroupKey: [ShardID: VersionVector]] = [:]
  /// What each replica that pulls from here said of itself.
  private var direct: [Member: [ShardID: VersionVector]] = [:]

  /// Goes up with everything that is heard.
  package private(set) var changeCount: UInt64 = 0

  package init() {}

  /// A replica that pulls from here has told its own knowledge.
  package mutating func note(_ member: Member, knows bounds: [(ShardID, VersionVector)]) {
    self.changeCount += 1
    if self.direct[member] == nil {
      for old in self.direct.keys where old.node == member.node { self.direct[old] = nil }
    }
    for (shard, knowledge) in bounds {
      self.direct[member, default: [:]][shard, default: VersionVector()].merge(knowledge)
    }
  }

  /// Takes a report that `reporter` sent. Its earlier groups that name one of the same members in
  /// another life are of no more use.
  package mutating func note(_ report: KnowledgeReport, from reporter: NodeID) {
    self.changeCount += 1
    for group in report.groups where !group.members.isEmpty {
      let key = GroupKey(reporter: reporter, members: group.members)
      if self.groups[key] == nil {
        let nodes = Set(group.members.map(\.node))
        self.groups = self.groups.filter { known, _ in
          known.reporter != reporter || nodes.isDisjoint(with: known.members.map(\.node))
        }
      }
      for (shard, bound) in group.bounds {
        self.groups[key, default: [:]][shard, default: VersionVector()].merge(bound)
      }
    }
  }

  /// What `member` is known to know of `shard`, at the least.
  package func knowledge(of member: Member, about shard: ShardID) -> VersionVector {
    var best = self.direct[member]?[shard] ?? VersionVector()
    for (key, bounds) in self.groups where key.members.contains(member) {
      if let bound = bounds[shard] { best.merge(bound) }
    }
    return best
  }

  /// What all of `members` know of `shard`; empty if there is none.
  package func minimum(over members: some Sequence<Member>, of shard: ShardID) -> VersionVector {
    var minimum: VersionVector?
    for member in members {
      let known = self.knowledge(of: member, about: shard)
      minimum = minimum.map { $0.intersection(known) } ?? known
    }
    return minimum ?? VersionVector()
  }

  /// The members heard of, in any way.
  package var heardOf: Set<Member> {
    Set(self.direct.keys).union(self.groups.keys.flatMap(\.members))
  }

  /// Forgets members in lives that are over, as `present` lists those of each node. Nodes it does not
  /// list yet are kept: their reports may have come before the catalogue's.
  package mutating func retain(_ present: [NodeID: IncarnationID]) {
    self.changeCount += 1
    func lives(_ member: Member) -> Bool {
      present[member.node].map { $0 == member.incarnation } ?? true
    }
    self.direct = self.direct.filter { lives($0.key) }
    self.groups = self.groups.filter { $0.key.members.allSatisfy(lives) }
  }
}
