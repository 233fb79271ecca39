package import EkkoCore

/// What a node has heard about the knowledge of all members (DESIGN §5.10). A value.
///
/// Each report is a lower bound for the members it names, in the lives it names them in. A conclusion
/// about all members is drawn only when every present one is named. The minimum is the only source
/// for tombstone collection, retirement and `.dataCentres(n)`.
package struct StableKnowledge: Sendable {
  package typealias Member = KnowledgeReport.Member

  fileprivate struct GroupKey: Hashable {
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
  /// What it was when something was last heard of a shard, since the sources changed.
  private var heardAt: [ShardID: UInt64] = [:]
  /// And when it last changed who can be told of, and by whose words.
  private var sourcesChangedAt: UInt64 = 0

  package init() {}

  /// Where words on a member are kept.
  fileprivate enum Source {
    /// It pulls from here, and said so itself.
    case itself(Member)
    case group(GroupKey)
  }

  /// Members that are told of together, and where all is kept that is to be told of them. Good until
  /// `shardsChanged` says that it is not.
  package struct Part: Sendable {
    package let members: [Member]
    fileprivate let sources: [[Source]]
    /// Whether one may know more than the minimum over all.
    let mayHavePeaks: Bool
  }

  /// The shards of which something was heard since `changeCount` was `count`; `nil` if it is no longer
  /// the same members that can be told of, by the same words.
  func shardsChanged(since count: UInt64) -> [ShardID]? {
    guard self.sourcesChangedAt <= count else { return nil }
    return self.heardAt.lazy.filter { $0.value > count }.map(\.key)
  }

  private mutating func noteChange(of shard: ShardID) {
    self.changeCount += 1
    self.heardAt[shard] = self.changeCount
  }

  private mutating func noteChangeOfSources() {
    self.changeCount += 1
    self.sourcesChangedAt = self.changeCount
    self.heardAt.removeAll(keepingCapacity: true)
  }

  /// A replica that pulls from here has told its own knowledge.
  package mutating func note(_ member: Member, knows bounds: [(ShardID, VersionVector)]) {
    if self.direct[member] == nil {
      self.noteChangeOfSources()
      for old in self.direct.keys where old.node == member.node { self.direct[old] = nil }
    }
    for (shard, knowledge) in bounds
    where Self.adds(knowledge, to: self.direct[member]?[shard]) {
      self.direct[member, default: [:]][shard, default: VersionVector()].merge(knowledge)
      self.noteChange(of: shard)
    }
  }

  /// A link of `member`, which pulls from here, has opened.
  package mutating func opened(by member: Member) {
    self.noteChangeOfSources()
    self.links[member, default: 0] += 1
  }

  /// A link of `member` has ended.
  package mutating func closed(by member: Member) {
    guard let count = self.links[member] else { return }
    self.noteChangeOfSources()
    self.links[member] = count > 1 ? count - 1 : nil
  }

  /// Takes a report that `reporter` sent. Its earlier groups that name one of the same members in
  /// another life are of no more use.
  package mutating func note(_ report: KnowledgeReport, from reporter: NodeID) {
    for group in report.groups where !group.members.isEmpty {
      let key = GroupKey(reporter: reporter, members: group.members)
      let (isBound, isPeaked) = (self.groups[key] != nil, self.peaks[key] != nil)
      if !isBound && (!isPeaked || !group.bounds.isEmpty) || !isPeaked && !group.peaks.isEmpty {
        self.noteChangeOfSources()
      }
      if !isBound {
        let nodes = Set(group.members.map(\.node))
        // What it told before of just these stays: peaks come alone while they have no bound in common.
        self.keep { known in
          known == key || known.reporter != reporter
            || nodes.isDisjoint(with: known.members.map(\.node))
        }
      }
      for (shard, bound) in group.bounds where Self.adds(bound, to: self.groups[key]?[shard]) {
        self.groups[key, default: [:]][shard, default: VersionVector()].merge(bound)
        self.noteChange(of: shard)
      }
      for (shard, peak) in group.peaks where Self.adds(peak, to: self.peaks[key]?[shard]) {
        self.peaks[key, default: [:]][shard, default: VersionVector()].merge(peak)
        self.noteChange(of: shard)
      }
    }
  }

  private static func adds(_ heard: VersionVector, to known: VersionVector?) -> Bool {
    known.map { !$0.dominates(heard) } ?? true
  }

  /// What `member` is known to know of `shard`, at the least.
  package func knowledge(of member: Member, about shard: ShardID) -> VersionVector {
    self.bound(of: shard, in: self.sources(on: member))
  }

  /// What `member` may know of `shard`, as far as was heard: it, or one of those it was named with.
  package func peak(of member: Member, about shard: ShardID) -> VersionVector {
    self.peak(of: shard, in: self.sources(on: member))
  }

  /// What all of `members` know of `shard`; empty if there is none.
  package func minimum(over members: [Member], of shard: ShardID) -> VersionVector {
    self.minimum(of: shard, in: members.lazy.map { self.sources(on: $0) })
  }

  /// What all in `part` know of `shard`.
  package func minimum(over part: Part, of shard: ShardID) -> VersionVector {
    self.minimum(of: shard, in: part.sources)
  }

  /// What one in `part` at least may know of `shard`.
  package func peak(over part: Part, of shard: ShardID) -> VersionVector {
    var peak = VersionVector()
    for sources in part.sources { peak.merge(self.peak(of: shard, in: sources)) }
    return peak
  }

  private func minimum(
    of shard: ShardID, in sources: some Sequence<[Source]>
  ) -> VersionVector {
    var minimum: VersionVector?
    for sources in sources {
      let known = self.bound(of: shard, in: sources)
      minimum = minimum.map { $0.intersection(known) } ?? known
    }
    return minimum ?? VersionVector()
  }

  private func bound(of shard: ShardID, in sources: [Source]) -> VersionVector {
    var known = VersionVector()
    for source in sources {
      let bounds =
        switch source {
        case .itself(let member): self.direct[member]
        case .group(let key): self.groups[key]
        }
      if let bound = bounds?[shard] { known.merge(bound) }
    }
    return known
  }

  private func peak(of shard: ShardID, in sources: [Source]) -> VersionVector {
    var peak = self.bound(of: shard, in: sources)
    for case .group(let key) in sources {
      if let some = self.peaks[key]?[shard] { peak.merge(some) }
    }
    return peak
  }

  /// Where all is that was said of `member`, by itself and in groups that `isMeant`.
  private func sources(
    on member: Member, in isMeant: (GroupKey) -> Bool = { _ in true }
  ) -> [Source] {
    var sources: [Source] = self.direct[member] == nil ? [] : [.itself(member)]
    func counts(_ key: GroupKey) -> Bool {
      key.members.contains(member) && isMeant(key) && self.isCurrent(key)
    }
    for key in self.groups.keys where counts(key) { sources.append(.group(key)) }
    for key in self.peaks.keys where self.groups[key] == nil && counts(key) {
      sources.append(.group(key))
    }
    return sources
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
    let own = self.part(of: pulling) { member, key in
      key.reporter == member.node && key.members == [member]
    }
    let others = named.values.map { members in
      self.part(of: members) { _, key in key.reporter != reader }
    }
    return (others + [own]).filter { !$0.members.isEmpty }
      .sorted { $0.members[0] < $1.members[0] }
  }

  private func part(of members: [Member], in isMeant: (Member, GroupKey) -> Bool) -> Part {
    let sources = members.map { member in self.sources(on: member) { isMeant(member, $0) } }
    let havePeaks = sources.contains { sources in
      sources.contains { if case .group(let key) = $0 { self.peaks[key] != nil } else { false } }
    }
    return Part(members: members, sources: sources, mayHavePeaks: members.count > 1 || havePeaks)
  }

  /// Forgets members in lives that are over, as `present` lists those of each node.
  ///
  /// Of a node it does not list, which may be listed before long, is kept what came from whoever has a
  /// link open: that may tell only what has changed since. The next link begins with everything.
  package mutating func retain(_ present: [NodeID: IncarnationID]) {
    self.noteChangeOfSources()
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
