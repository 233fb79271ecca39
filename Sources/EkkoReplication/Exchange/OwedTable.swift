package import EkkoCore

/// What a replica still has to take from one peer (DESIGN §5.7): the shards the peer has announced in
/// versions that ours does not dominate.
///
/// A debt leaves only when a section that carries at least its sequence has merged, or when the held
/// version dominates the announced one. So the bookmark may move as soon as announcements are
/// recorded here: nothing announced is forgotten because its pull failed. `asOf` of a peer becomes
/// ours once every debt announced by then is settled. A value; one per link.
package struct OwedTable: Sendable {
  private struct Debt: Sendable {
    var version: ShardVersion
    /// The oldest announcement not settled; `asOf` of later moments waits for it.
    var first: UInt64
    /// The latest announcement: what a section must reach to settle the debt.
    var latest: UInt64
    var notBefore: MonotonicTime
    var failures = 0
  }

  /// The life of the peer that the bookmark and all sequences count in.
  package private(set) var bookmarkOf = IncarnationID(rawValue: 0)
  package private(set) var bookmark: UInt64 = 0
  private var debts: [ShardID: Debt] = [:]
  /// What the peer had seen when it had announced everything up to a sequence; ascending.
  private var pending: [(sequence: UInt64, asOf: [NodeID: UInt64])] = []

  private static let shortestDelay = Duration.milliseconds(10)
  private static let longestDelay = Duration.seconds(5)
  /// So many steps of freshness wait at most; beyond that the oldest ones are skipped.
  private static let pendingLimit = 64

  package init() {}

  package var count: Int { self.debts.count }

  package func owes(_ shard: ShardID) -> Bool { self.debts[shard] != nil }

  /// Whether something that was announced up to `sequence` is not settled.
  package func owes(announcedThrough sequence: UInt64) -> Bool {
    self.debts.values.contains { $0.first <= sequence }
  }

  /// Records a peer's news.
  ///
  /// - Parameters:
  ///   - held: our version of each announced shard, in the order of `announcements`; `nil` for a
  ///     shard not held here (yet).
  ///   - grace: how long to leave a shard's debt to the peer that usually brings it.
  package mutating func record(
    _ news: ExchangeNews, held: [ShardVersion?], grace: (ShardID) -> Duration,
    at now: MonotonicTime
  ) {
    #if PlantedBugs
      if PlantedBug.active == .bookmarkOutlivesResponder { self.bookmarkOf = news.responder }
    #endif
    if news.responder != self.bookmarkOf { self.begin(with: news.responder) }
    // The older of two answers to an ask that the network has repeated: all that it announces was
    // announced, and what of it is settled may have changed since.
    guard news.sequence >= self.bookmark else { return }
    for (announcement, held) in zip(news.announcements, held) {
      if let held, held.dominates(announcement.version) {
        self.debts[announcement.shard] = nil
      } else if var debt = self.debts[announcement.shard] {
        debt.version = announcement.version
        debt.latest = max(debt.latest, announcement.sequence)
        self.debts[announcement.shard] = debt
      } else {
        self.debts[announcement.shard] = Debt(
          version: announcement.version, first: announcement.sequence,
          latest: announcement.sequence,
          notBefore: now.advanced(by: grace(announcement.shard)))
      }
    }
    self.bookmark = news.sequence
    #if PlantedBugs
      if PlantedBug.active == .scalarBookmark, let stuck = self.debts.values.map(\.first).min() {
        self.bookmark = stuck - 1
      }
    #endif
    if let asOf = news.asOf {
      if self.pending.count == Self.pendingLimit { self.pending.removeFirst() }
      self.pending.append((news.sequence, asOf))
    }
  }

  /// Another life of the peer counts anew, and what the old one announced may be gone with it.
  private mutating func begin(with responder: IncarnationID) {
    self = OwedTable()
    self.bookmarkOf = responder
  }

  /// A section of `shard` has merged that stands for the peer's announcements up to `announced`.
  package mutating func settle(_ shard: ShardID, announced: UInt64) {
    guard var debt = self.debts[shard] else { return }
    if announced >= debt.latest {
      self.debts[shard] = nil
    } else {
      debt.first = max(debt.first, announced + 1)
      debt.failures = 0
      self.debts[shard] = debt
    }
  }

  /// Drops the debts that `held`, our present version of a shard, dominates.
  package mutating func settleDominated(held: (ShardID) -> ShardVersion?) {
    self.debts = self.debts.filter { shard, debt in !(held(shard)?.dominates(debt.version) ?? false)
    }
  }

  /// A pull of `shard` came to nothing: it is tried again after a while that grows.
  package mutating func postpone(
    _ shard: ShardID, at now: MonotonicTime, using generator: inout some RandomNumberGenerator
  ) {
    guard var debt = self.debts[shard] else { return }
    #if PlantedBugs
      if PlantedBug.active == .failedPullForgotten {
        self.debts[shard] = nil
        return
      }
    #endif
    let delay = min(Self.shortestDelay * (1 << min(debt.failures, 10)), Self.longestDelay)
    debt.failures += 1
    debt.notBefore = now.advanced(by: delay * Double.random(in: 0.5...1, using: &generator))
    self.debts[shard] = debt
  }

  /// The shards to ask for now, those announced first in front.
  package func due(at now: MonotonicTime, limit: Int) -> [ShardID] {
    let due = self.debts.filter { $0.value.notBefore <= now }
    return due.sorted { ($0.value.first, $0.key) < ($1.value.first, $1.key) }
      .prefix(limit).map(\.key)
  }

  /// When the next debt becomes due.
  package var nextDue: MonotonicTime? { self.debts.values.map(\.notBefore).min() }

  /// What we have seen through this peer, if that has grown: everything it had announced by then is
  /// settled.
  package mutating func takeFreshness() -> [NodeID: UInt64]? {
    #if PlantedBugs
      let oldest =
        PlantedBug.active == .freshnessBeforeRows
        ? .max : self.debts.values.map(\.first).min() ?? .max
    #else
      let oldest = self.debts.values.map(\.first).min() ?? .max
    #endif
    var adopted: [NodeID: UInt64]?
    while let next = self.pending.first, next.sequence < oldest {
      adopted = next.asOf
      self.pending.removeFirst()
    }
    return adopted
  }
}
