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
  /// What some member of a group knows beyond the group's bound.
  private var peaks: [GroupKey: [ShardID: VersionVector]] = [:]
  /// What each replica that pulls from here said of itself.
  private var direct: [Member: [ShardID: VersionVector]] = [:]
  /// How many links each of those has open that pull from here now.
  private var links: [Member: Int] = [:]

  /// Goes up with everything that is heard and not known yet.
  package private(set) var changeCount: UInt64 = 0

  package init() {}

  /// A replica that pulls from here has told its own knowledge.
  package mutating func note(_ member: Member, knows bounds: [(ShardID, VersionVector)]) {
    if self.direct[member] == nil {
      for old in self.direct.keys where old.node == member.node { self.direct[old] = nil }
    }
    for (shard, knowledge) in bounds
    where Self.adds(knowledge, to: self.direct[member]?[shard]) {
      self.direct[member, default: [:]][shard, default: VersionVector()].merge(knowledge)
      self.changeCount += 1
    }
  }

  /// A link of `member`, which pulls from here, has opened.
  package mutating func opened(by member: Member) {
    self.changeCount += 1
    self.links[member, default: 0] += 1
  }

  /// A link of `member` has ended.
  package mutating func closed(by member: Member) {
    guard let count = self.links[member] else { return }
    self.changeCount += 1
    self.links[member] = count > 1 ? count - 1 : nil
  }

  /// Takes a report that `reporter` sent. Its earlier groups that name one of the same members in
  /// another life are of no more use.
  package mutating func note(_ report: KnowledgeReport, from reporter: NodeID) {
    for group in report.groups where !group.members.isEmpty {
      let key = GroupKey(reporter: reporter, members: group.members)
      if self.groups[key] == nil {
        let nodes = Set(group.members.map(\.node))
        // What it told before of just these stays: peaks come alone while they have no bound in common.
        self.keep { known in
          known == key || known.reporter != reporter
            || nodes.isDisjoint(with: known.members.map(\.node))
        }
      }
      for (shard, bound) in group.bounds where Self.adds(bound, to: self.groups[key]?[shard]) {
        self.groups[key, default: [:]][shard, default: VersionVector()].merge(bound)
        self.changeCount += 1
      }
      for (shard, peak) in group.peaks where Self.adds(peak, to: self.peaks[key]?[shard]) {
        self.peaks[key, default: [:]][shard, default: VersionVector()].merge(peak)
        self.changeCount += 1
      }
    }
  }

  private static func adds(_ heard: VersionVector, to known: VersionVector?) -> Bool {
    known.map { !$0.dominates(heard) } ?? true
  }

  /// What `member` is known to know of `shard`, at the least.
  package func knowledge(of member: Member, about shard: ShardID) -> VersionVector {
    var best = self.direct[member]?[shard] ?? VersionVector()
    for (key, bounds) in self.groups where key.members.contains(member) {
      if let bound = bounds[shard] { best.merge(bound) }
    }
    return best
  }

  /// What `member` may know of `shard`, as far as was heard: it, or one of those it was named with.
  package func peak(of member: Member, about shard: ShardID) -> VersionVector {
    var peak = self.knowledge(of: member, about: shard)
    for (key, peaks) in self.peaks where key.members.contains(member) {
      if let some = peaks[shard] { peak.merge(some) }
    }
    return peak
  }

  /// Whether a group that names `member` has a peak: it may know more than its bounds say.
  func hasPeak(of member: Member) -> Bool {
    self.peaks.contains { $0.key.members.contains(member) }
  }

  /// What all of `members` know of `shard`; empty if there is none.
  package func minimum(over members: [Member], of shard: ShardID) -> VersionVector {
    self.minima(over: members, of: [shard])[0]
  }

  /// What all of `members` know of each of `shards`; empty if there is no member.
  package func minima(over members: [Member], of shards: [ShardID]) -> [VersionVector] {
    let accounts = members.map { self.accounts(of: $0) }
    return shards.map { shard in
      var minimum: VersionVector?
      for accounts in accounts {
        var known = VersionVector()
        for bounds in accounts { if let bound = bounds[shard] { known.merge(bound) } }
        minimum = minimum.map { $0.intersection(known) } ?? known
      }
      return minimum ?? VersionVector()
    }
  }

  /// All that was said of `member`, by itself and in groups.
  private func accounts(of member: Member) -> [[ShardID: VersionVector]] {
    var accounts = self.direct[member].map { [$0] } ?? []
    for (group, bounds) in self.groups where group.members.contains(member) {
      accounts.append(bounds)
    }
    return accounts
  }

  /// Those of `present` that `reader` can be told of, in parts with one bound each: those that pull
  /// from here now, and of the others such as the same reports name, together.
  ///
  /// A part never mixes what different reports say. Two nodes that tell each other the minimum over one
  /// member that they hear and one that they know through the other would each wait for the other's
  /// word, and neither minimum would ever grow.
  ///
  /// - Parameter present: ascending.
  package func parts(of present: [Member], for reader: NodeID) -> [[Member]] {
    var reports: [Member: [Int]] = [:]
    for (number, key) in self.groups.keys.enumerated() where key.reporter != reader {
      for member in key.members { reports[member, default: []].append(number) }
    }
    var pulling: [Member] = []
    var named: [[Int]: [Member]] = [:]
    for member in present where member.node != reader {
      if self.links[member] != nil {
        pulling.append(member)
      } else if let numbers = reports[member] {
        named[numbers, default: []].append(member)
      }
    }
    return (named.values + [pulling]).filter { !$0.isEmpty }.sorted { $0[0] < $1[0] }
  }

  /// Forgets members in lives that are over, as `present` lists those of each node.
  ///
  /// Of a node it does not list, which may be listed before long, is kept what came from whoever has a
  /// link open: that may tell only what has changed since. The next link begins with everything.
  package mutating func retain(_ present: [NodeID: IncarnationID]) {
    self.changeCount += 1
    let linked = Set(self.links.keys.map(\.node))
    func lives(_ member: Member, toldBy reporter: NodeID) -> Bool {
      present[member.node].map { $0 == member.incarnation } ?? linked.contains(reporter)
    }
    self.direct = self.direct.filter { lives($0.key, toldBy: $0.key.node) }
    self.keep { key in key.members.allSatisfy { lives($0, toldBy: key.reporter) } }
  }

  private mutating func keep(_ isOfUse: (GroupKey) -> Bool) {
    self.groups = self.groups.filter { isOfUse($0.key) }
    self.peaks = self.peaks.filter { isOfUse($0.key) }
  }
}
