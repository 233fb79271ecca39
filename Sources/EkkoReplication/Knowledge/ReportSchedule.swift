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
  /// How often what there is to tell had changed when it was last looked at.
  private var seen: (board: UInt64, knowledge: UInt64)?
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
    // First what the node goes by, and all that is said from one look at each: a death that is heard of
    // meanwhile must not count for one thing and not for another.
    let agreed = node.agreedMembership
    let knowledge = node.knowledge.knowledge
    let isAgreedAnew = agreed.knowledge != self.subjects.agreed
    let isAsSeen = self.seen.map { $0 == (node.board.sequence, knowledge.changeCount) } ?? false
    guard isWhole || isAgreedAnew || !isAsSeen else { return nil }
    if isWhole {
      self.lastWhole = now
      self.sent = [:]
    }
    let board: ShardVersionBoard.Excerpt
    if !isWhole, !isAgreedAnew, let seen = self.seen,
      let heard = knowledge.shardsChanged(since: seen.knowledge)
    {
      // What can be said of the catalogue depends on all shards.
      board = node.board.excerpt(of: heard + [.catalogue], publishedAfter: seen.board)
    } else {
      board = node.board.excerpt()
      self.subjects = ReportSubjects(besides: node.asReported, for: peer, of: agreed, in: knowledge)
    }
    self.seen = (board.sequence, knowledge.changeCount)
    return self.report(self.subjects.groups(on: board, by: node.asReported, in: knowledge))
  }

  /// The frames that say what is new in `groups`, if anything is; who is not among them is told of no
  /// more.
  private mutating func report(_ groups: [KnowledgeReport.Group]) -> [Frame]? {
    var earlier = self.sent
    self.sent = [:]
    var frames: [Frame] = []
    for group in groups {
      var said =
        earlier.removeValue(forKey: group.members)
        ?? KnowledgeReport.Group(members: group.members, bounds: [:])
      for part in Self.parts(of: said.update(to: group)) {
        self.number += 1
        let report = KnowledgeReport(groups: [part], number: self.number)
        frames.append(Frame(kind: ExchangeFrameKind.report, payload: report.encode()))
      }
      self.sent[group.members] = said
    }
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
  /// Becomes what `other` says of the shards that it speaks of.
  ///
  /// - Returns: what of that was not said before.
  fileprivate mutating func update(to other: Self) -> Self {
    var news = Self(members: self.members, bounds: [:])
    for (shard, bound) in other.bounds {
      if self.bounds[shard] != bound, !bound.isEmpty { news.bounds[shard] = bound }
      self.bounds[shard] = bound
      let peak = other.peaks[shard]
      if self.peaks[shard] != peak { news.peaks[shard] = peak }
      self.peaks[shard] = peak
    }
    return news
  }
}

/// Whom a peer is told of, which changes much less often than what it is told.
struct ReportSubjects: Sendable {
  /// Of each data centre those members besides the node itself that the peer can be told of.
  private var parts: [StableKnowledge.Part] = []
  /// The listed lives.
  private var living: Set<IncarnationID> = []
  /// What of the catalogue the list is of.
  private(set) var agreed = VersionVector()

  init() {}

  init(
    besides own: KnowledgeReport.Member, for peer: NodeID,
    of agreed: (membership: Membership, knowledge: VersionVector), in knowledge: StableKnowledge
  ) {
    self.parts = agreed.membership.dataCentres.flatMap { dataCentre in
      knowledge.parts(of: dataCentre.members.filter { $0 != own }, for: peer)
    }
    self.living = Set(agreed.membership.entries.values.map(\.incarnation))
    self.agreed = agreed.knowledge
  }

  /// What to tell of the shards in `board`, each with a bound: the node's own knowledge, and what is
  /// known of the others.
  func groups(
    on board: ShardVersionBoard.Excerpt, by own: KnowledgeReport.Member,
    in knowledge: StableKnowledge
  ) -> [KnowledgeReport.Group] {
    var ownBounds: [ShardID: VersionVector] = [:]
    // What the node distrusts it may be about to know less of.
    for (shard, entry) in board.entries {
      ownBounds[shard] = entry.isTrusted ? entry.knowledge : VersionVector()
    }
    // Who is dead it knows of as much of the catalogue as it goes by.
    let ownCatalogue = ownBounds[.catalogue]?.intersection(self.agreed) ?? VersionVector()
    // It may hold more of the dead than it can say now.
    ownBounds[.catalogue] = board.isTrustedThroughout ? ownCatalogue : VersionVector()
    return [KnowledgeReport.Group(members: [own], bounds: ownBounds)]
      + self.parts.map { part in
        var group = KnowledgeReport.Group(members: part.members, bounds: [:])
        for (shard, _) in board.entries {
          let bound = knowledge.minimum(over: part, of: shard)
          group.bounds[shard] = bound
          guard part.mayHavePeaks else { continue }
          let peak = knowledge.peak(over: part, of: shard).beyond(bound, except: self.living)
          if !peak.isEmpty { group.peaks[shard] = peak }
        }
        // Of a death that this node has not heard of it cannot tell.
        group.bounds[.catalogue] = group.bounds[.catalogue]?.intersection(ownCatalogue)
        return group
      }
  }
}

extension ReplicaNode {
  /// This node in its present life, as reports name it.
  var asReported: KnowledgeReport.Member {
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
