internal import EkkoCore
internal import EkkoTransport

/// When to tell the peer we pull from what we know, and how much of it (DESIGN §5.10): at once while
/// someone above waits for it, otherwise now and then; what has not changed is not sent again.
struct ReportSchedule: Sendable {
  /// Someone above waits.
  var isUrgent = false
  private var number: UInt64 = 0
  private var lastReport = MonotonicTime.zero
  private var lastWhole = MonotonicTime.zero
  /// How often what there is to tell had changed when it was last looked at, and the catalogue then.
  private var seen: (board: UInt64, knowledge: UInt64, catalogue: VersionVector)?
  private var subjects = ReportSubjects()
  /// What was last sent, by the members it was said of.
  private var sent: [[KnowledgeReport.Member]: KnowledgeReport.Group] = [:]

  private static let interval = Duration.milliseconds(250)
  private static let urgentInterval = Duration.milliseconds(2)
  /// Everything is said again after this long, whatever the reader may have forgotten.
  private static let wholeInterval = Duration.seconds(5)

  /// The frames to send now, if any.
  mutating func next(
    at now: MonotonicTime, node: ReplicaNode, to peer: NodeID
  ) -> [Frame]? {
    let pause = self.isUrgent ? Self.urgentInterval : Self.interval
    guard self.lastReport.advanced(by: pause) <= now else { return nil }
    self.lastReport = now
    self.isUrgent = false
    let isWhole = self.lastWhole.advanced(by: Self.wholeInterval) <= now
    let knowledge = node.knowledge.knowledge
    let seen = (
      board: node.board.sequence, knowledge: knowledge.changeCount,
      catalogue: node.agreedMembership.knowledge
    )
    guard isWhole || self.seen.map({ $0 != seen }) ?? true else { return nil }
    if isWhole {
      self.lastWhole = now
      self.sent = [:]
    }
    var said = self.sent
    let shards: [ShardID]
    if !isWhole, let earlier = self.seen, earlier.catalogue == seen.catalogue,
      let heard = knowledge.shardsChanged(since: earlier.knowledge)
    {
      // What can be said of the catalogue depends on all shards.
      shards = Set(node.board.shards(publishedAfter: earlier.board))
        .union(heard.filter { node.board[$0] != nil }).union([.catalogue]).sorted()
    } else {
      shards = node.board.shards(publishedAfter: 0)
      self.subjects = node.reportSubjects(for: peer, in: knowledge)
      said = [:]
    }
    self.seen = seen
    var frames: [Frame] = []
    for group in node.knowledgeGroups(on: self.subjects, of: shards, in: knowledge) {
      let earlier = self.sent[group.members]
      var news = group
      news.bounds = group.bounds.filter { earlier?.bounds[$0.key] != $0.value && !$0.value.isEmpty }
      news.peaks = group.peaks.filter { earlier?.peaks[$0.key] != $0.value }
      for part in Self.parts(of: news) {
        self.number += 1
        let report = KnowledgeReport(groups: [part], number: self.number)
        frames.append(Frame(kind: ExchangeFrameKind.report, payload: report.encode()))
      }
      said[group.members, default: KnowledgeReport.Group(members: group.members, bounds: [:])]
        .replace(shards, from: group)
    }
    self.sent = said
    return frames.isEmpty ? nil : frames
  }

  /// Cuts a group so that each part fits a frame. The catalogue comes last: whoever hears that a
  /// member knows of a death has heard what it knew of the dead.
  private static func parts(of group: KnowledgeReport.Group) -> [KnowledgeReport.Group] {
    let shards = Set(group.bounds.keys).union(group.peaks.keys).sorted()
    let (catalogue, others) = (
      shards.filter { $0 == .catalogue }, shards.filter { $0 != .catalogue }
    )
    var parts: [KnowledgeReport.Group] = []
    var part = KnowledgeReport.Group(members: group.members, bounds: [:])
    var byteCount = 0
    for shard in others + catalogue {
      part.bounds[shard] = group.bounds[shard]
      part.peaks[shard] = group.peaks[shard]
      let count = (group.bounds[shard]?.count ?? 0) + (group.peaks[shard]?.count ?? 0)
      byteCount += 20 + count * 16
      guard byteCount > 32 << 10 else { continue }
      parts.append(part)
      part = KnowledgeReport.Group(members: group.members, bounds: [:])
      byteCount = 0
    }
    if byteCount > 0 { parts.append(part) }
    return parts
  }
}

extension KnowledgeReport.Group {
  /// Says of `shards` what `other` says.
  fileprivate mutating func replace(_ shards: [ShardID], from other: Self) {
    for shard in shards {
      self.bounds[shard] = other.bounds[shard]
      self.peaks[shard] = other.peaks[shard]
    }
  }
}

/// Whom a peer is told of besides this node, which changes much less often than what is told.
struct ReportSubjects: Sendable {
  var parts: [StableKnowledge.Part] = []
  /// The listed lives.
  var living: Set<IncarnationID> = []
}

extension ReplicaNode {
  /// Of each data centre those members that `peer` can be told of.
  func reportSubjects(for peer: NodeID, in knowledge: StableKnowledge) -> ReportSubjects {
    let membership = self.agreedMembership.membership
    let own = self.asReported
    return ReportSubjects(
      parts: membership.dataCentres.flatMap { dataCentre in
        knowledge.parts(of: dataCentre.members.filter { $0 != own }, for: peer)
      },
      living: Set(membership.entries.values.map(\.incarnation)))
  }

  /// What to tell of `shards`: our own knowledge, and what is known of the others.
  func knowledgeGroups(
    on subjects: ReportSubjects, of shards: [ShardID], in knowledge: StableKnowledge
  ) -> [KnowledgeReport.Group] {
    var ownBounds: [ShardID: VersionVector] = [:]
    // What this node distrusts it may be about to know less of.
    for (shard, entry) in zip(shards, self.board.entries(of: shards)) where entry?.isTrusted == true
    {
      ownBounds[shard] = entry?.knowledge
    }
    // Who is dead it knows of as much of the catalogue as it goes by.
    let ownCatalogue =
      ownBounds[.catalogue]?.intersection(self.agreedMembership.knowledge) ?? VersionVector()
    // It may hold more of the dead than it can say now.
    ownBounds[.catalogue] = self.board.trustsAll ? ownCatalogue : nil
    return [KnowledgeReport.Group(members: [self.asReported], bounds: ownBounds)]
      + subjects.parts.map { part in
        var group = KnowledgeReport.Group(members: part.members, bounds: [:])
        for shard in shards {
          let bound = knowledge.minimum(over: part, of: shard)
          group.bounds[shard] = bound
          guard part.mayHavePeaks else { continue }
          let peak = knowledge.peak(over: part, of: shard).beyond(bound, except: subjects.living)
          if !peak.isEmpty { group.peaks[shard] = peak }
        }
        // Of a death that this node has not heard of it cannot tell.
        group.bounds[.catalogue] = group.bounds[.catalogue]?.intersection(ownCatalogue)
        return group
      }
  }

  private var asReported: KnowledgeReport.Member {
    KnowledgeReport.Member(node: self.nodeID, incarnation: self.incarnation)
  }
}

extension VersionVector {
  /// What lies beyond `bound`, of origins that are not in `living`.
  fileprivate func beyond(
    _ bound: VersionVector, except living: Set<IncarnationID>
  ) -> VersionVector {
    VersionVector(
      self.subtracting(bound).entries.filter { !living.contains($0.origin) }.map {
        ParameterVersion(timestamp: $0.timestamp, origin: $0.origin)
      })
  }
}
