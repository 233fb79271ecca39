internal import EkkoCore
internal import EkkoTransport

/// When to tell the peer we pull from what we know, and how much of it (DESIGN §5.10): at once while
/// someone above waits for it, otherwise now and then; what has not changed is not sent again.
struct ReportSchedule: Sendable {
  /// Someone above waits.
  var isUrgent = false
  private var lastReport = MonotonicTime.zero
  private var lastWhole = MonotonicTime.zero
  /// How often what there is to tell had changed when it was last looked at.
  private var seen: (board: UInt64, knowledge: UInt64) = (0, 0)
  /// What was last sent, by the members it was said of.
  private var sent: [[KnowledgeReport.Member]: [ShardID: VersionVector]] = [:]

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
    let seen = (board: node.board.sequence, knowledge: node.knowledge.changeCount)
    guard isWhole || seen != self.seen else { return nil }
    self.seen = seen
    if isWhole {
      self.lastWhole = now
      self.sent = [:]
    }
    var frames: [Frame] = []
    var said: [[KnowledgeReport.Member]: [ShardID: VersionVector]] = [:]
    for group in node.knowledgeGroups(for: peer) {
      let earlier = self.sent[group.members] ?? [:]
      said[group.members] = group.bounds
      let news = group.bounds.filter { earlier[$0.key] != $0.value && !$0.value.isEmpty }
      guard !news.isEmpty else { continue }
      for part in Self.parts(of: news) {
        let report = KnowledgeReport(groups: [.init(members: group.members, bounds: part)])
        frames.append(Frame(kind: ExchangeFrameKind.report, payload: report.encode()))
      }
    }
    self.sent = said
    return frames.isEmpty ? nil : frames
  }

  /// Cuts `bounds` so that each part fits a frame.
  private static func parts(
    of bounds: [ShardID: VersionVector]
  ) -> [[ShardID: VersionVector]] {
    var parts: [[ShardID: VersionVector]] = []
    var part: [ShardID: VersionVector] = [:]
    var byteCount = 0
    for (shard, bound) in bounds.sorted(by: { $0.key < $1.key }) {
      part[shard] = bound
      byteCount += 10 + bound.count * 16
      guard byteCount > 32 << 10 else { continue }
      parts.append(part)
      part = [:]
      byteCount = 0
    }
    if !part.isEmpty { parts.append(part) }
    return parts
  }
}

extension ReplicaNode {
  /// What to tell `peer`: our own knowledge, and per data centre the minimum over the members known
  /// through us. What is known of the peer itself it knows better.
  func knowledgeGroups(for peer: NodeID) -> [KnowledgeReport.Group] {
    let own = KnowledgeReport.Member(node: self.nodeID, incarnation: self.incarnation)
    let shards = self.shards.all.map(\.id)
    var ownBounds: [ShardID: VersionVector] = [:]
    for (shard, entry) in zip(shards, self.board.entries(of: shards)) {
      ownBounds[shard] = entry?.knowledge
    }
    var groups = [KnowledgeReport.Group(members: [own], bounds: ownBounds)]
    let knowledge = self.knowledge.knowledge
    let heard = knowledge.heardOf.filter { $0.node != peer && $0.node != own.node }
    for (name, present) in self.membership.byDataCentre {
      let members = present.filter(heard.contains)
      guard !members.isEmpty else { continue }
      let isOwn = name == self.dataCentre
      var bounds: [ShardID: VersionVector] = [:]
      for shard in shards {
        var bound = knowledge.minimum(over: members, of: shard)
        if isOwn { bound = bound.intersection(ownBounds[shard] ?? VersionVector()) }
        bounds[shard] = bound
      }
      groups.append(
        KnowledgeReport.Group(
          members: (isOwn ? members + [own] : members).sorted(), bounds: bounds))
    }
    return groups
  }
}
