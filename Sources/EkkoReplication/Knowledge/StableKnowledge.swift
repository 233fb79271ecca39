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
  /// The listed life of each node, as far as is known.
  private var present: [NodeID: IncarnationID] = [:]
  /// How many links each of those has open that pull from here now.
  private var links: [Member: Int] = [:]

  /// Goes up with everything that is heard and not known yet.
  package private(set) var changeCount: UInt64 = 0

  package init() {}

  /// What somebody has said of one member.
  fileprivate struct Account {
    let bounds: [ShardID: VersionVector]
    let peaks: [ShardID: VersionVector]?
  }

  /// Members that are told of together, and all that is to be told of them.
  package struct Part {
    package let members: [Member]
    fileprivate let accounts: [[Account]]

    /// Whether one may know more than the minimum over all.
    var mayHavePeaks: Bool {
      self.members.count > 1 || self.accounts.contains { $0.contains { $0.peaks != nil } }
    }

    /// What all of them know of `shard`; empty if there is no member.
    func minimum(of shard: ShardID) -> VersionVector {
      var minimum: VersionVector?
      for accounts in self.accounts {
        let known = accounts.bound(of: shard)
        minimum = minimum.map { $0.intersection(known) } ?? known
      }
      return minimum ?? VersionVector()
    }

    /// What one of them at least may know of `shard`.
    func peak(of shard: ShardID) -> VersionVector {
      var peak = VersionVector()
      for accounts in self.accounts { peak.merge(accounts.peak(of: shard)) }
      return peak
    }
  }

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
    self.accounts(of: member).bound(of: shard)
  }

  /// What `member` may know of `shard`, as far as was heard: it, or one of those it was named with.
  package func peak(of member: Member, about shard: ShardID) -> VersionVector {
    self.accounts(of: member).peak(of: shard)
  }

  /// What all of `members` know of `shard`; empty if there is none.
  package func minimum(over members: [Member], of shard: ShardID) -> VersionVector {
    Part(members: members, accounts: members.map { self.accounts(of: $0) }).minimum(of: shard)
  }

  /// All that was said of `member`, by itself and in groups that `isMeant`.
  private func accounts(
    of member: Member, in isMeant: (GroupKey) -> Bool = { _ in true }
  ) -> [Account] {
    var accounts: [Account] = []
    if let own = self.direct[member] { accounts.append(Account(bounds: own, peaks: nil)) }
    func counts(_ key: GroupKey) -> Bool {
      key.members.contains(member) && isMeant(key) && self.isCurrent(key)
    }
    for (key, bounds) in self.groups where counts(key) {
      accounts.append(Account(bounds: bounds, peaks: self.peaks[key]))
    }
    for (key, peaks) in self.peaks where self.groups[key] == nil && counts(key) {
      accounts.append(Account(bounds: [:], peaks: peaks))
    }
    return accounts
  }

  /// Whether a group names nobody in a life other than the listed one. If it does, the reporter is
  /// behind, and one peak may be of a life that is over; or ahead, and it counts once we have caught up.
  private func isCurrent(_ key: GroupKey) -> Bool {
    key.members.allSatisfy { member in
      self.present[member.node].map { $0 == member.incarnation } ?? true
    }
  }

  /// Those of `present` that `reader` can be told of, in parts with one bound each: those that pull
  /// from here now, by what they say of themselves; and of the others such as the same reports name,
  /// together.
  ///
  /// A part never mixes what different reports say. Two nodes that tell each other the minimum over one
  /// member that they hear and one that they know through the other would each wait for the other's
  /// word, and neither minimum would ever grow. Nor does it repeat what the reader has said: a peak that
  /// means nothing any more would be told to and fro for ever.
  ///
  /// - Parameter present: ascending.
  package func parts(of present: [Member], for reader: NodeID) -> [Part] {
    var reports: [Member: [Int]] = [:]
    for (number, key) in self.groups.keys.enumerated()
    where key.reporter != reader && self.isCurrent(key) {
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
    let own = Part(
      members: pulling,
      accounts: pulling.map { member in
        self.accounts(of: member) { $0.reporter == member.node && $0.members == [member] }
      })
    let others = named.values.map { members in
      Part(
        members: members,
        accounts: members.map { self.accounts(of: $0) { $0.reporter != reader } })
    }
    return (others + [own]).filter { !$0.members.isEmpty }
      .sorted { $0.members[0] < $1.members[0] }
  }

  /// Forgets members in lives that are over, as `present` lists those of each node.
  ///
  /// Of a node it does not list, which may be listed before long, is kept what came from whoever has a
  /// link open: that may tell only what has changed since. The next link begins with everything.
  package mutating func retain(_ present: [NodeID: IncarnationID]) {
    self.changeCount += 1
    self.present = present
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

extension [StableKnowledge.Account] {
  /// What a member knows of `shard`, at the least.
  fileprivate func bound(of shard: ShardID) -> VersionVector {
    var known = VersionVector()
    for account in self { if let bound = account.bounds[shard] { known.merge(bound) } }
    return known
  }

  /// What it may know.
  fileprivate func peak(of shard: ShardID) -> VersionVector {
    var peak = self.bound(of: shard)
    for account in self { if let some = account.peaks?[shard] { peak.merge(some) } }
    return peak
  }
}
