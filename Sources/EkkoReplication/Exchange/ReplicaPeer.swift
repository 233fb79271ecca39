package import EkkoCore
internal import EkkoStorage
package import EkkoTransport

/// Pulls from one peer over one link (Ekko §4.1, §4.3): one long-lived exchange, in which an ask
/// follows as soon as the last answer has been taken.
///
/// What it must remember between asks is in values: the owed table, marks, sections that broke off.
/// It lives as long as its link; the next link to the same peer gets another.
package actor ReplicaPeer {
  private let node: ReplicaNode
  private let link: Link
  private let number: PullPreferences.LinkNumber
  private let executor: ActorExecutor
  private var generator: SplitMix64
  private var owed = OwedTable()
  /// The peer's latest announcement that was told over this link.
  private var announcedThrough: UInt64 = 0
  /// Whether it has told of all its shards: what is not owed then is settled.
  private var hasHeardAll = false
  /// How many setbacks this node had had when the owed table was begun; see
  /// `ShardVersionBoard.setbacks`.
  private var setbacks: UInt64
  private var marks = AnswerMarks()
  private(set) var unfinished: UnfinishedSections
  /// The exchange in which this peer last brought rows of a shard that we lacked.
  private var active: [ShardID: UInt64] = [:]
  /// Until when a shard that is to be replaced is not asked for over this link.
  private var notBefore: [ShardID: MonotonicTime] = [:]
  private var current: Exchange?
  private var exchanges: UInt64 = 0
  private var reports = ReportSchedule()
  private var rest = PullRest()
  /// Until when an answer must have come; `nil` while nothing is asked.
  private var answerDeadline: MonotonicTime?
  package private(set) var tally = PullTally()

  nonisolated package var unownedExecutor: UnownedSerialExecutor { unsafe self.executor.unowned }

  /// One ask and what has come of it.
  private struct Exchange {
    let nonce: UInt64
    var receptions: [ShardID: SectionReception]
    /// Sections that merged or were refused.
    var ended: Set<ShardID> = []
    var wantsReports = false
    var isOver = false
  }

  /// - Parameter unfinished: what an earlier link to the same peer has left.
  init(node: ReplicaNode, link: Link, unfinished: UnfinishedSections = UnfinishedSections()) {
    self.node = node
    self.link = link
    self.unfinished = unfinished.begun(by: link.remote.incarnation)
    self.setbacks = node.board.setbacks
    self.number = node.preferences.addLink()
    self.executor = node.runtime.executor(for: link.home)
    self.generator = node.runtime.makeGenerator()
  }

  /// Exchanges until the link ends. Throws why it did.
  package func run() async throws(LinkError) {
    defer {
      if let exchange = self.current { self.keepUnfinished(of: exchange) }
      self.node.preferences.remove(self.number)
    }
    self.node.noteClock(of: self.link.remote.node, offset: self.link.opening.wallClockOffset)
    while true {
      let request = self.nextRequest()
      try await self.link.send([
        Frame(kind: ExchangeFrameKind.ask, payload: request.encode())
      ])
      while self.current?.isOver == false {
        let frames = try await self.link.receive()
        guard !frames.isEmpty else { return }
        let start = self.node.clock.now().monotonic
        self.rest.noteArrival(at: start)
        try await self.take(frames)
        self.rest.note(start.duration(to: self.node.clock.now().monotonic))
      }
      self.finishExchange()
      try await self.reportIfDue()
      // A scan that goes on waits for nothing.
      let end = self.rest.take(at: self.node.clock.now().monotonic)
      if let end, self.unfinished.isEmpty {
        try? await self.node.clock.sleep(until: end)
      }
    }
  }

  /// Aborts the link if the peer has left an ask unanswered for too long; to be called regularly.
  package func checkProgress(at now: MonotonicTime) {
    if let answerDeadline = self.answerDeadline, answerDeadline < now { self.link.abort() }
  }

  /// Whether everything the peer had announced so far is merged, and it has announced at all.
  package var isCaughtUp: Bool { self.owed.bookmarkOf.rawValue != 0 && self.owed.count == 0 }

  /// Whether all that it had when the link opened is merged; news that comes all the time changes that
  /// no more.
  package private(set) var hasCaughtUp = false
  /// Everything it had then was announced up to here.
  private var openingNews: UInt64?

  // MARK: Asking

  /// How long a peer may hold an ask open: the granularity of `asOf` on quiet shards.
  private static let longestHold = Duration.milliseconds(200)
  /// Beyond the hold, how long an answer may make no progress: what was lost on the way is asked for
  /// again after it, over a new link.
  private static let patience = Duration.seconds(3)
  /// How long a debt is left to the link that usually brings the shard.
  private static let grace = Duration.milliseconds(50)
  /// A shard is asked for standing while its last rows came at most this many exchanges ago.
  private static let standingExchanges: UInt64 = 64
  /// How long a refused replacement is left to other links.
  private static let replacementPause = Duration.milliseconds(100)
  /// How soon to look again whether this node is on the list of members.
  private static let listingPause = Duration.milliseconds(10)
  /// Shards of each kind in one ask, together at most `ExchangeRequest.entryLimit`.
  private static let dueLimit = 192
  private static let replacementLimit = 128
  private static let standingLimit = 192
  /// A frame's header and checksum, in bytes.
  private static let frameOverhead = 16

  private func nextRequest() -> ExchangeRequest {
    let reading = self.node.clock.now()
    let now = reading.monotonic
    self.exchanges += 1
    #if PlantedBugs
      let drawn = self.generator.next()
      let nonce = PlantedBug.active == .attemptsMixed ? 1 : drawn
    #else
      let nonce = self.generator.next()
    #endif
    var exchange = Exchange(nonce: nonce, receptions: [:])
    self.forgetIfSetBack()
    self.settleDominated()
    let board = self.node.board
    let isListed = self.node.isListed
    var entries: [ExchangeRequest.Entry] = []
    for shard in self.shardsToAsk(at: now) where isListed || shard.id == .catalogue {
      guard let entry = board[shard.id], exchange.receptions[shard.id] == nil else { continue }
      let replaces =
        entry.needsReplacement
        && self.node.preferences.claimReplacement(of: shard.id, by: self.number)
      // A shard that another link is replacing is not ours to touch; nor one whose file may be right
      // where our clock is wrong.
      guard replaces || entry.isTrusted else {
        self.postpone(shard.id)
        continue
      }
      entries.append(
        ExchangeRequest.Entry(
          request: self.request(
            shard.id, entry, nonce: nonce, replaces: replaces, in: &exchange),
          isOwed: shard.isOwed))
    }
    self.current = exchange
    let due = [self.owed.nextDue, self.notBefore.values.min()].compactMap { $0 }.min()
    let untilDue = due.map { now.duration(to: $0) } ?? Self.longestHold
    let hold = max(isListed ? .zero : Self.listingPause, min(Self.longestHold, untilDue))
    self.answerDeadline = now.advanced(by: hold + Self.patience)
    return ExchangeRequest(
      nonce: nonce, requester: self.node.incarnation, bookmarkOf: self.owed.bookmarkOf,
      bookmark: self.owed.bookmark, hold: hold, credit: self.node.methods.credit,
      retirements: self.node.retirements, formClass: self.node.formClass, wall: reading.wall,
      entries: entries)
  }

  /// What was settled may be wanted again: the peer is to announce everything anew.
  private func forgetIfSetBack() {
    let setbacks = self.node.board.setbacks
    guard setbacks != self.setbacks else { return }
    self.setbacks = setbacks
    self.owed = OwedTable()
    self.announcedThrough = 0
    self.hasHeardAll = false
  }

  /// What other links have brought is settled here.
  private func settleDominated() {
    let board = self.node.board
    if self.node.methods.usesShardVersions {
      self.owed.settleDominated { board[$0]?.version }
    }
    guard self.hasHeardAll else { return }
    self.unfinished.retain { self.owed.owes($0) || board[$0]?.needsReplacement == true }
  }

  /// Debts that are due and shards to be replaced, then the shards this peer usually brings.
  private func shardsToAsk(at now: MonotonicTime) -> [(id: ShardID, isOwed: Bool)] {
    var shards = self.owed.due(at: now, limit: Self.dueLimit).map { (id: $0, isOwed: true) }
    self.notBefore = self.notBefore.filter { $0.value > now }
    // Those that are refused make room for the next.
    shards += self.node.board.shardsNeedingReplacement.lazy
      .filter { self.notBefore[$0] == nil }.prefix(Self.replacementLimit)
      .map { (id: $0, isOwed: true) }
    self.active = self.active.filter { $0.value + Self.standingExchanges > self.exchanges }
    let standing = self.active.keys.filter {
      self.node.preferences.isPreferred(self.number, for: $0)
    }
    let latest = standing.sorted { (self.active[$1]!, $0) < (self.active[$0]!, $1) }
    shards += latest.prefix(Self.standingLimit).map { (id: $0, isOwed: false) }
    return shards
  }

  private func request(
    _ shard: ShardID, _ held: ShardVersionBoard.Entry, nonce: UInt64, replaces: Bool,
    in exchange: inout Exchange
  ) -> SectionRequest {
    var request = SectionRequest(
      shard: shard, nonce: nonce, epoch: held.epoch, formClass: self.node.formClass,
      knowledge: held.knowledge, mark: self.marks.mark(for: shard, knowing: held.knowledge),
      replace: replaces)
    if let earlier = self.unfinished.take(shard, replaces: replaces) {
      request.knowledge = earlier.asked
      request.resume = earlier.resumeToken
      exchange.receptions[shard] = SectionReception(nonce: nonce, resuming: earlier)
    } else {
      exchange.receptions[shard] = SectionReception(
        nonce: nonce, asked: request.knowledge, responder: self.link.remote.incarnation)
    }
    return request
  }

  // MARK: Taking the answer

  private func take(_ frames: [Frame]) async throws(LinkError) {
    var deliveries = ShardDeliveries()
    for (number, frame) in frames.enumerated() {
      self.tally.receivedBytes += frame.payload.count + Self.frameOverhead
      do throws(WireError) {
        for item in try SectionItem.decodeAll(frame.payload.span) {
          switch item {
          case .other: try self.takeExchangeItem(item, of: frame)
          case .refused(let refusal): self.takeRefusal(refusal)
          case .begin, .rows, .end:
            deliveries.append(item, of: frame.payload, number: number)
          }
        }
      } catch {
        throw self.abort()
      }
    }
    self.answerDeadline = self.node.clock.now().monotonic.advanced(by: Self.patience)
    for group in deliveries.groups(to: self.node.shards, for: self.current?.receptions ?? [:]) {
      // Only this actor's `run` starts an exchange, and it waits for this.
      let receipts = await group[0].actor.receive(together: group)
      for (parcel, receipt) in zip(group, receipts) { self.note(receipt, of: parcel.actor.id) }
      // On this actor's own loop it would be the next group's turn at once.
      if group.count > 1 { await Task.yield() }
    }
  }

  /// The peer's bytes make no sense: the link ends, and what came whole before stays.
  private func abort() -> LinkError {
    self.link.abort()
    return .frame(.unexpectedKind(ExchangeFrameKind.answer))
  }

  private func takeExchangeItem(_ item: SectionItem, of frame: Frame) throws(WireError) {
    guard case .other(let kind, let body) = item else { return }
    let bytes = frame.payload.span.extracting(body)
    var reader = ByteReader(bytes)
    switch kind {
    case ExchangeItemKind.news:
      let news = try ExchangeNews(from: &reader)
      guard news.nonce == self.current?.nonce else { return }
      self.record(news)
    case ExchangeItemKind.end:
      let end = try ExchangeEnd(from: &reader)
      guard end.nonce == self.current?.nonce else { return }
      self.current?.isOver = true
      self.node.noteClock(
        of: self.link.remote.node, showing: WallTime(microseconds: end.wall))
    default: return  // An item of a later version: skipped by its length.
    }
  }

  private func record(_ news: ExchangeNews) {
    var news = news
    if !self.node.replicates { news.announcements.removeAll { $0.shard != .catalogue } }
    let held =
      self.node.methods.usesShardVersions
      ? self.node.board.entries(of: news.announcements.map(\.shard)).map { $0?.version }
      : Array(repeating: nil, count: news.announcements.count)
    self.tally.announcements += UInt64(held.count)
    self.tally.repeated += UInt64(
      news.announcements.count { $0.sequence <= self.announcedThrough })
    self.announcedThrough = max(self.announcedThrough, news.sequence)
    for (announcement, held) in zip(news.announcements, held)
    where held?.dominates(announcement.version) == true {
      self.tally.skipped += 1
    }
    self.owed.record(
      news, held: held,
      grace: {
        self.node.preferences.isLeftToAnother($0, than: self.number) ? Self.grace : .zero
      }, at: self.node.clock.now().monotonic)
    if news.asOf != nil {
      self.hasHeardAll = true
      self.openingNews = self.openingNews ?? news.sequence
    }
    self.current?.wantsReports = news.wantsReports
  }

  private func takeRefusal(_ refusal: SectionRefusal) {
    guard refusal.nonce == self.current?.nonce else { return }
    self.current?.ended.insert(refusal.shard)
    self.tally.sectionsRefused += 1
    self.postpone(refusal.shard)
  }

  private func postpone(_ shard: ShardID) {
    let now = self.node.clock.now().monotonic
    self.node.preferences.endReplacement(of: shard, by: self.number)
    if self.node.board[shard]?.needsReplacement == true {
      // Long enough for the other links to take their turns.
      self.notBefore[shard] = now.advanced(
        by: Self.replacementPause * Double.random(in: 0.5...1, using: &self.generator))
    }
    self.owed.postpone(shard, at: now, using: &self.generator)
  }

  private func note(_ receipt: ShardActor.Receipt, of shard: ShardID) {
    self.current?.receptions[shard] = receipt.reception
    guard let merge = receipt.merge else { return }
    self.current?.ended.insert(shard)
    switch merge {
    case .merged(let changed):
      self.tally.sectionsMerged += 1
      self.tally.rows += receipt.reception.entryCount
      self.marks.note(receipt.mark, for: shard, knowing: receipt.knowledge)
      self.owed.settle(shard, announced: receipt.announced)
      self.node.preferences.endReplacement(of: shard, by: self.number)
      if changed {
        self.rest.note(self.node.methods.sectionEffort)
        self.active[shard] = self.exchanges
        self.node.preferences.noteDelivery(of: shard, by: self.number)
      }
      self.node.runtime.trace(TraceEvent(.sectionMerged, shard.traceValue, receipt.announced))
    case .dropped, .refused:
      self.tally.sectionsDropped += 1
      self.postpone(shard)
      self.node.runtime.trace(TraceEvent(.sectionDropped, shard.traceValue))
    }
  }

  /// Keeps what can be resumed of the sections that did not end, and learns how fresh we are.
  private func finishExchange() {
    guard let exchange = self.current else { return }
    self.current = nil
    self.answerDeadline = nil
    self.keepUnfinished(of: exchange)
    let now = self.node.clock.now().monotonic
    if exchange.wantsReports {
      self.reports.isUrgent = true
      self.node.knowledge.demandReports(until: now.advanced(by: .seconds(1)))
    }
    self.settleDominated()
    let asOf = self.owed.takeFreshness()
    if let asOf { self.node.board.adopt(asOf: asOf, setbacks: self.setbacks) }
    if let openingNews, !self.owed.owes(announcedThrough: openingNews) { self.hasCaughtUp = true }
  }

  private func keepUnfinished(of exchange: Exchange) {
    for (shard, reception) in exchange.receptions where !exchange.ended.contains(shard) {
      if self.unfinished.keep(reception, of: shard) { continue }
      if reception.isBroken {
        // It will do no better at once.
        self.postpone(shard)
      } else {
        self.node.preferences.endReplacement(of: shard, by: self.number)
      }
    }
  }

  // MARK: Reports

  private func reportIfDue() async throws(LinkError) {
    let now = self.node.clock.now().monotonic
    guard let frames = self.reports.next(at: now, node: self.node, to: self.link.remote.node)
    else { return }
    try await self.link.send(frames)
  }
}

#if PlantedBugs
  extension ReplicaPeer {
    /// Goes on with what an earlier link to the same endpoint has learnt.
    package func takeOver(from earlier: ReplicaPeer) async {
      switch PlantedBug.active {
      case .bookmarkOutlivesResponder: self.owed = await earlier.owed
      case .marksOutliveResponder: self.marks = await earlier.marks
      default: break
      }
    }
  }
#endif
