package import EkkoCore

/// Decides which shards a primary compares with which replicas of a lesser form (DESIGN §4).
///
/// Each life of such a replica is compared in every shard, because rows it got of a section that never
/// ended are in nobody's knowledge; again whenever it is known to know more of the dead; and now and
/// then, one replica at a time, for such rows may come later too, from one that could not be asked.
/// What a replica of the full form has more of comes from there, by the usual pull, and first; and so
/// does the whole of a shard that is to be replaced, if there is another such replica.
package struct RecoverySchedule: Sendable {
  package typealias Member = KnowledgeReport.Member

  /// The shards of each life that were compared whole, and when they last were.
  private var compared: [Member: [ShardID: MonotonicTime]] = [:]
  private var failures: [Member: (count: Int, notBefore: MonotonicTime)] = [:]

  package static let shortestDelay = Duration.seconds(1)
  package static let longestDelay = Duration.seconds(30)
  /// How long what was compared is left alone, at the least: each check takes but one replica again.
  package static let repetition = Duration.seconds(60)

  package init() {}

  /// What to compare now, ascending; replicas with nothing to compare are left out.
  package mutating func due(
    _ survey: RecoverySurvey, at now: MonotonicTime
  ) -> [(member: Member, shards: [RecoverySurvey.OwnShard])] {
    let present = Set(survey.lesser)
    self.compared = self.compared.filter { present.contains($0.key) }
    self.failures = self.failures.filter { present.contains($0.key) }
    let shards = survey.shards.filter { shard in
      shard.mustReplace
        ? survey.full.isEmpty
        : !survey.full.contains { survey.isAhead($0, in: shard.id, of: shard.knowledge) }
    }
    let repeated = self.nextRepeated(of: survey.lesser, comparing: shards, at: now)
    return survey.lesser.compactMap { member in
      if let failure = self.failures[member], now < failure.notBefore { return nil }
      let compared = self.compared[member] ?? [:]
      let due = shards.filter { shard in
        shard.mustReplace || compared[shard.id] == nil
          || survey.isAhead(member, in: shard.id, of: shard.knowledge)
          || (member == repeated && Self.isOld(compared[shard.id], at: now))
      }
      return due.isEmpty ? nil : (member, due)
    }
  }

  private static func isOld(_ time: MonotonicTime?, at now: MonotonicTime) -> Bool {
    time.map { $0.advanced(by: Self.repetition) <= now } ?? false
  }

  /// The one that has been left alone for longest in one of `shards`, if that is long.
  private func nextRepeated(
    of members: [Member], comparing shards: [RecoverySurvey.OwnShard], at now: MonotonicTime
  ) -> Member? {
    let times = members.compactMap { member -> (oldest: MonotonicTime, member: Member)? in
      if let failure = self.failures[member], now < failure.notBefore { return nil }
      return shards.compactMap { self.compared[member]?[$0.id] }.min().map { ($0, member) }
    }
    return times.min { $0 < $1 }.flatMap { Self.isOld($0.oldest, at: now) ? $0.member : nil }
  }

  /// Whether what was lost is back, as far as it is to be had: everyone was asked, and nobody who answers,
  /// or is known to, holds more of the dead. A shard that is to be replaced takes no writes before that.
  package func isSettled(_ survey: RecoverySurvey) -> Bool {
    let shards = survey.shards.filter { !$0.mustReplace }
    let isAsked = survey.lesser.allSatisfy { member in
      self.failures[member] != nil
        || shards.allSatisfy { self.compared[member]?[$0.id] != nil }
    }
    return survey.isWhole && isAsked
      && shards.allSatisfy { shard in
        !(survey.full + survey.lesser).contains {
          survey.isAhead($0, in: shard.id, of: shard.knowledge)
        }
      }
  }

  /// `member` was asked: these shards were compared whole. If there were others, it is left alone for
  /// a while that grows.
  package mutating func note(
    _ member: Member, compared shards: Set<ShardID>, of asked: [RecoverySurvey.OwnShard],
    at now: MonotonicTime
  ) {
    for shard in shards { self.compared[member, default: [:]][shard] = now }
    guard !asked.allSatisfy({ shards.contains($0.id) }) else {
      self.failures[member] = nil
      return
    }
    let count = (self.failures[member]?.count ?? 0) + 1
    let delay = min(Self.shortestDelay * (1 << min(count - 1, 10)), Self.longestDelay)
    self.failures[member] = (count, now.advanced(by: delay))
  }
}
