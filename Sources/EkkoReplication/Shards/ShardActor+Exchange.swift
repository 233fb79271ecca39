package import EkkoCore
package import EkkoStorage

/// Answering peers and taking their answers (Ekko §4.3).
extension ShardActor {
  /// A piece of an answer: items ready to be sent, behind what was there before.
  package struct AnswerPiece: Sendable {
    package var writer: ByteWriter
    /// The walk to continue; `nil` when the section's end, or a refusal, has been written.
    package var walk: UInt64?
    /// Whether the walk is a scan, which may be left and resumed.
    package var isScan = false
    /// The shard can only answer by a scan, which was not allowed; nothing was written.
    package var needsScan = false
  }

  /// Takes the snapshot and writes the section's first items, about `byteLimit` bytes of them.
  ///
  /// - Parameters:
  ///   - requester: the life of the replica that asks; its marks measure the propagation delay.
  ///   - knowsResponder: whether it has heard from this life before; else its marks are of another.
  ///   - allowScan: whether a scan may begin.
  ///   - usesCache: see `Shard.openWalk`.
  ///   - writer: what is behind in the answer; it passes from shard to shard and is never copied.
  package func answer(
    _ request: SectionRequest, to requester: IncarnationID, knowsResponder: Bool = true,
    byteLimit: Int, allowScan: Bool, usesCache: Bool = true,
    after writer: consuming ByteWriter = ByteWriter()
  ) -> AnswerPiece {
    if knowsResponder { self.noteMerged(request.mark, by: requester) }
    var writer = writer
    let byteLimit = byteLimit + writer.count
    switch self.shard.openWalk(
      for: request, announced: self.announced, allowScan: allowScan,
      usesCache: usesCache, into: &writer)
    {
    case .opened(let walk):
      return self.fill(consume writer, from: walk, until: byteLimit)
    case .needsScan:
      return AnswerPiece(writer: writer, walk: nil, needsScan: true)
    case .refused(let reason):
      SectionRefusal(shard: self.id, nonce: request.nonce, reason: reason).encode(into: &writer)
      return AnswerPiece(writer: writer, walk: nil)
    }
  }

  /// A section that this shard, or another of its core loop, is asked for.
  struct Ask: Sendable {
    let actor: ShardActor
    let request: SectionRequest
  }

  /// Answers asks for shards of one loop, this one among them, one after the other from their caches, as
  /// far as `byteLimit` bytes go.
  ///
  /// - Returns: what was written, and how many were answered whole. The next one needs a scan or goes on
  ///   as the piece says, or there was no room for it.
  func answer(
    together asks: ArraySlice<Ask>, to requester: IncarnationID, knowsResponder: Bool,
    byteLimit: Int, after writer: consuming ByteWriter
  ) -> (piece: AnswerPiece, answered: Int) {
    var piece = AnswerPiece(writer: writer, walk: nil)
    let start = piece.writer.count
    for (number, ask) in asks.enumerated() {
      let room = byteLimit - (piece.writer.count - start)
      guard number == 0 || room > 0 else { return (piece, number) }
      var before = ByteWriter()
      swap(&before, &piece.writer)
      piece = ask.actor.assumeIsolated {
        $0.answer(
          ask.request, to: requester, knowsResponder: knowsResponder,
          byteLimit: max(1024, room), allowScan: false, after: before)
      }
      if piece.walk != nil || piece.needsScan { return (piece, number) }
    }
    return (piece, asks.count)
  }

  /// The next items of an answer.
  package func continueAnswer(
    _ walk: UInt64, byteLimit: Int, after writer: consuming ByteWriter
  ) -> AnswerPiece {
    let end = byteLimit + writer.count
    return self.fill(writer, from: walk, until: end)
  }

  /// - Parameter end: where in the answer it should end.
  private func fill(
    _ writer: consuming ByteWriter, from walk: UInt64, until end: Int
  ) -> AnswerPiece {
    var writer = writer
    let room = max(0, end - writer.count)
    switch self.shard.continueWalk(walk, byteLimit: room, into: &writer) {
    case .finished: return AnswerPiece(writer: writer, walk: nil)
    case .more:
      let position = self.shard.walks.first { $0.id == walk }?.position
      guard case .scan = position else { return AnswerPiece(writer: writer, walk: walk) }
      return AnswerPiece(writer: writer, walk: walk, isScan: true)
    }
  }

  /// How many requesters' marks are remembered, for the estimate of D_prop only.
  private static let markLimit = 256

  private func noteMerged(_ mark: UInt64, by requester: IncarnationID) {
    guard mark != 0 else { return }
    let earlier = self.marks[requester] ?? mark
    if self.marks.count >= Self.markLimit { self.marks.removeAll(keepingCapacity: true) }
    self.marks[requester] = mark
    self.shard.noteMerged(mark: mark, earlier: earlier, at: self.clock.now())
  }

  /// The asker is gone, or has no more credit: a scan is kept for `duration` to be resumed.
  package func abandonAnswer(_ walk: UInt64, keepFor duration: Duration?) {
    let expiry = duration.map { self.clock.now().monotonic.advanced(by: $0) }
    self.shard.abandonWalk(walk, keepUntil: expiry)
  }

  /// Items of one section as received, with the buffers they refer to.
  package struct Delivery: Sendable {
    /// In the order of arrival; `buffer` is an index of `buffers`.
    package private(set) var items: [(buffer: Int, item: SectionItem)] = []
    package private(set) var buffers: [ArraySlice<UInt8>] = []
    private var lastNumber = -1

    package init() {}

    /// Adds an item that was decoded from `buffer`, the one with this number among the received.
    package mutating func append(
      _ item: SectionItem, of buffer: ArraySlice<UInt8>, number: Int
    ) {
      if number != self.lastNumber {
        self.buffers.append(buffer)
        self.lastNumber = number
      }
      self.items.append((self.buffers.count - 1, item))
    }
  }

  /// What a delivery did.
  package struct Receipt: Sendable {
    package var reception: SectionReception
    /// Set when the section is over.
    package var merge: Shard.Merge?
    /// The responder's announcement and mark that the merged section stands for.
    package var announced: UInt64 = 0
    package var mark: UInt64 = 0
    /// What the shard knew right after the merge, in the same step: another link may have replaced its
    /// rows before anybody asks.
    package var knowledge = VersionVector()
  }

  /// How long a replacement may get nothing before another may begin in its place.
  private static let replacementPatience = Duration.seconds(2)

  /// Whether another section is replacing this shard's rows: two would break each other off for ever.
  private func isIntruding(
    _ reception: SectionReception, on nonce: UInt64?, at now: MonotonicTime
  ) -> Bool {
    guard let nonce, nonce != reception.nonce, nonce != reception.resumed else { return false }
    return self.replacementProgress.duration(to: now) < Self.replacementPatience
  }

  /// What has arrived of a section of this shard, or of another of its core loop.
  struct Parcel: Sendable {
    let actor: ShardActor
    let delivery: Delivery
    let reception: SectionReception

    /// What applying it takes, in rows: items count for some.
    var weight: Int {
      self.delivery.items.reduce(0) { weight, item in
        if case .rows(let rows) = item.item { weight + 4 + rows.count } else { weight + 4 }
      }
    }
  }

  /// Applies what has arrived for shards of one loop, this one among them, each in one step.
  func receive(together parcels: [Parcel]) -> [Receipt] {
    parcels.map { parcel in
      parcel.actor.assumeIsolated {
        $0.receive(parcel.delivery, reception: parcel.reception)
      }
    }
  }

  /// Applies what has arrived of one section, in one step.
  package func receive(_ delivery: Delivery, reception: SectionReception) -> Receipt {
    let now = self.clock.now()
    return self.publishing { shard in
      let isIntruding = self.isIntruding(
        reception, on: shard.replacementNonce, at: now.monotonic)
      defer {
        if shard.replacementNonce == reception.nonce { self.replacementProgress = now.monotonic }
      }
      var receipt = Receipt(reception: reception)
      for (buffer, item) in delivery.items where receipt.merge == nil {
        let bytes = delivery.buffers[buffer]
        if isIntruding, case .begin(let begin) = item, begin.mode == .replace {
          receipt.reception.breakOff()
        }
        let step = shard.receive(
          item, in: bytes.span, reception: &receipt.reception, at: now)
        guard case .ended(let merge) = step else { continue }
        receipt.merge = merge
        if case .merged = merge, case .end(let end) = item {
          receipt.announced = end.announced
          receipt.mark = end.mark
          receipt.knowledge = shard.knowledge
        }
      }
      return receipt
    }
  }
}
