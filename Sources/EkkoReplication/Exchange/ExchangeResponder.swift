internal import EkkoCore
internal import EkkoStorage
package import EkkoTransport

/// Answers the asks that come in over one link (Ekko §4.3; DESIGN §6).
///
/// Each ask is answered in a task of its own, so that one held open, or a long scan, keeps no other
/// waiting. An actor only so that its calls to the shards of its core loop cost no switch. What it
/// sends is bounded by the ask's credit, and waits where the link is full.
package actor ExchangeResponder {
  private let node: ReplicaNode
  private let link: Link
  private let executor: ActorExecutor
  /// Scans that ran out of credit, to be gone on with by the next ask for the shard.
  private var interrupted: [ShardID: UInt64] = [:]

  nonisolated package var unownedExecutor: UnownedSerialExecutor { unsafe self.executor.unowned }

  /// No ask is held open for longer.
  private static let longestHold = Duration.seconds(10)
  /// Sections that are answered together, if they fit one frame.
  private static let groupLimit = 32
  /// Announcements in one answer; the rest follows in the next.
  private static let announcementLimit = 1024
  /// How long a scan waits for its reader to come back.
  private static let scanPatience = Duration.seconds(30)

  package init(node: ReplicaNode, link: Link) {
    self.node = node
    self.link = link
    self.executor = node.runtime.executor(for: link.home)
  }

  /// Answers the ask in `frame`, unless a former life of the requester sent it. Throws when the link is of
  /// no more use.
  package func answer(_ frame: Frame) async throws(LinkError) {
    let request: ExchangeRequest
    do throws(WireError) {
      request = try ExchangeRequest(decoding: frame.payload.span)
    } catch {
      self.link.abort()
      return
    }
    guard request.requester == self.link.remote.incarnation else { return }
    self.noteKnowledge(of: request)
    self.node.noteClock(of: self.link.remote.node, showing: request.wall)
    #if PlantedBugs
      let isOurs =
        PlantedBug.active == .bookmarkOutlivesResponder
        || request.bookmarkOf == self.node.incarnation
    #else
      let isOurs = request.bookmarkOf == self.node.incarnation
    #endif
    let bookmark = isOurs ? request.bookmark : 0
    let received = self.node.clock.now().monotonic
    if !request.entries.contains(where: \.isOwed) {
      _ = await self.node.board.waitForNews(
        after: bookmark, until: received.advanced(by: min(request.hold, Self.longestHold)))
    }
    var packer = AnswerPacker(
      link: self.link, stream: frame.stream, clock: self.node.clock,
      pieceByteLimit: self.node.methods.answerByteLimit)
    let now = self.node.clock.now()
    let news = self.node.board.news(
      after: bookmark, limit: Self.announcementLimit, at: now)
    ExchangeNews(
      nonce: request.nonce, responder: self.node.incarnation, news: news,
      retirements: self.node.retirements,
      wantsReports: self.node.knowledge.wantsReports(at: now.monotonic)
    ).encode(into: &packer.writer)
    let changed = Set(news.announcements.map(\.shard))
    let wanted = request.entries.filter {
      $0.isOwed || changed.contains($0.request.shard)
    }.map(\.request)
    try await self.send(wanted, asked: request, in: &packer)
    ExchangeEnd(nonce: request.nonce, wall: self.node.clock.now().wall)
      .encode(into: &packer.writer)
    try await packer.flush()
  }

  /// The knowledge in an ask is the requester's own word on what it has merged. That of the catalogue
  /// is left to reports, where it comes after all else: see `Retirement`.
  private func noteKnowledge(of request: ExchangeRequest) {
    let known = request.entries.filter { $0.request.shard != .catalogue && !$0.request.replace }
    guard !known.isEmpty else { return }
    let remote = self.link.remote
    self.node.knowledge.note(
      KnowledgeReport.Member(node: remote.node, incarnation: remote.incarnation),
      knows: known.map { ($0.request.shard, $0.request.knowledge) })
  }

  /// Whether both know of the same retirements; else one must first learn which. From the catalogue,
  /// which is where that is learnt; but who gives all its rows in place of another's must have applied
  /// what that one has: it may not have got the rows of retired origins itself.
  private func agreesOnRetired(_ section: SectionRequest, of request: ExchangeRequest) -> Bool {
    let retirements = self.node.retirements
    guard section.shard == .catalogue else { return request.retirements == retirements }
    return !section.replace || request.retirements <= retirements
  }

  /// Whether the requester has not yet read of an origin's retirement, and not all that it wrote to the
  /// catalogue either. Rows of retired origins count as known everywhere: it gets them with all others.
  private func lacksRetired(_ section: SectionRequest, of request: ExchangeRequest) -> Bool {
    guard request.retirements < self.node.retirements else { return false }
    return self.node.catalogue.retired.contains { record in
      record.number > request.retirements
        && section.knowledge[record.incarnation] < record.seals[.catalogue] ?? .zero
    }
  }

  /// Sends sections as far as the credit goes: together those that one loop can answer from its caches.
  private func send(
    _ sections: [SectionRequest], asked: ExchangeRequest, in packer: inout AnswerPacker
  ) async throws(LinkError) {
    let credit = Int(asked.credit)
    let simple = self.simpleAsks(for: sections, of: asked)
    let shards = Set(simple.joined().map(\.request.shard))
    for section in sections where !shards.contains(section.shard) {
      try await packer.flushIfFull()
      guard packer.sentBytes < credit else { return }
      await packer.waitForTurn()
      try await self.send(section, credit: credit, asked: asked, in: &packer)
    }
    for group in simple {
      var rest = group[...]
      while let next = rest.first {
        try await packer.flushIfFull()
        guard packer.sentBytes < credit else { return }
        await packer.waitForTurn()
        let room = packer.room
        var (piece, count) = await next.actor.answer(
          together: rest, to: self.link.remote.incarnation,
          knowsResponder: asked.bookmarkOf == self.node.incarnation, byteLimit: room,
          after: packer.takeWriter())
        packer.take(&piece)
        // On this actor's own loop the next would follow at once.
        await Task.yield()
        rest = rest.dropFirst(count)
        guard let unfinished = rest.first, piece.walk != nil || piece.needsScan else { continue }
        rest = rest.dropFirst()
        if piece.needsScan {
          try await self.send(unfinished.request, credit: credit, asked: asked, in: &packer)
        } else {
          try await self.goOn(piece, of: unfinished.actor, credit: credit, in: &packer)
        }
      }
    }
  }

  /// The sections of which nothing but the shard's own cache has to be asked, where several live on one
  /// loop.
  private func simpleAsks(
    for sections: [SectionRequest], of request: ExchangeRequest
  ) -> [[ShardActor.Ask]] {
    guard self.node.methods.usesUpdateCache, request.retirements == self.node.retirements else {
      return []
    }
    return sections.compactMap { section -> ShardActor.Ask? in
      guard section.shard != .catalogue, !section.replace, section.resume == nil,
        self.interrupted[section.shard] == nil, let actor = self.node.shards[section.shard]
      else { return nil }
      return ShardActor.Ask(actor: actor, request: section)
    }.groupedByLoop(\.actor, limit: Self.groupLimit).filter { $0.count > 1 }
  }

  /// Sends one section, or as much of a scan as the credit allows.
  private func send(
    _ section: SectionRequest, credit: Int, asked: ExchangeRequest, in packer: inout AnswerPacker
  ) async throws(LinkError) {
    guard let shard = self.node.shards[section.shard] else {
      packer.refuse(section, .unknownShard)
      return
    }
    guard self.agreesOnRetired(section, of: asked) else {
      packer.refuse(section, .busy)
      return
    }
    var section = section
    if section.shard == .catalogue {
      section.replace = section.replace || self.lacksRetired(section, of: asked)
    }
    let mayScan = self.node.scans.take()
    var isScanning = mayScan
    defer { if isScanning { self.node.scans.giveBack() } }
    let room = packer.room
    var piece = await shard.answer(
      section, to: self.link.remote.incarnation,
      knowsResponder: asked.bookmarkOf == self.node.incarnation, byteLimit: room,
      allowScan: mayScan, usesCache: self.node.methods.usesUpdateCache,
      after: packer.takeWriter())
    packer.take(&piece)
    if piece.needsScan { packer.refuse(section, .busy) }
    if mayScan, !piece.isScan {
      // What comes from the cache may wait long for a slow reader: others scan meanwhile.
      self.node.scans.giveBack()
      isScanning = false
    }
    if let earlier = self.interrupted.removeValue(forKey: shard.id), earlier != piece.walk {
      await shard.abandonAnswer(earlier, keepFor: nil)
    }
    try await self.goOn(piece, of: shard, credit: credit, in: &packer)
  }

  /// Sends the rest of a section, of which `piece` was the beginning.
  private func goOn(
    _ beginning: ShardActor.AnswerPiece, of shard: ShardActor, credit: Int,
    in packer: inout AnswerPacker
  ) async throws(LinkError) {
    var piece = beginning
    while let walk = piece.walk {
      do throws(LinkError) {
        try await packer.flush()
      } catch {
        await shard.abandonAnswer(walk, keepFor: piece.isScan ? Self.scanPatience : nil)
        throw error
      }
      await packer.waitForTurn()
      if piece.isScan, packer.sentBytes >= credit {
        self.interrupted[shard.id] = walk
        await shard.abandonAnswer(walk, keepFor: Self.scanPatience)
        return
      }
      let room = packer.room
      piece = await shard.continueAnswer(walk, byteLimit: room, after: packer.takeWriter())
      packer.take(&piece)
    }
  }
}
