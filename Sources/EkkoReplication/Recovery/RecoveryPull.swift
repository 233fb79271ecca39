internal import EkkoCore
internal import EkkoStorage
internal import EkkoTransport

/// The sections that a primary asks of one replica of a lesser form, over one link.
///
/// Rows are issued anew as they arrive, so that no more than one batch of frames is held. What does
/// not fit an answer's credit is asked for again, a scan from where it broke off.
struct RecoveryPull {
  private let node: ReplicaNode
  private let responder: IncarnationID
  private let formClass: FormClass
  private let living: Set<IncarnationID>
  /// The shards whose own rows may be replaced.
  private let replaceable: Set<ShardID>
  /// What is yet to be asked for, or to end.
  private var remaining: [ShardID]
  private var receptions: [ShardID: SectionReception] = [:]
  /// Those that were asked for from where they broke off.
  private var resuming: Set<ShardID> = []
  private var nonce: UInt64 = 0
  private var hasAdvanced = true
  private(set) var isAnswered = true
  private(set) var merged: Set<ShardID> = []
  private(set) var rowsRecovered: UInt64 = 0

  /// Shards in one ask, so that many small ones share an answer.
  private static let batch = 64
  /// Bytes of rows in one answer: less than the usual pulls ask for, which are to go first.
  private static let credit: UInt32 = 1 << 20

  init(
    _ shards: [RecoverySurvey.OwnShard], node: ReplicaNode, responder: IncarnationID,
    formClass: FormClass, living: Set<IncarnationID>
  ) {
    self.remaining = shards.map(\.id)
    self.replaceable = Set(shards.filter(\.mustReplace).map(\.id))
    self.node = node
    self.responder = responder
    self.formClass = formClass
    self.living = living
  }

  // MARK: Asking

  /// `nil` when all sections are over, or when the last answer brought none of them any further.
  mutating func nextRequest(nonce: UInt64) -> ExchangeRequest? {
    guard self.hasAdvanced else { return nil }
    self.giveUpWhatCannotGoOn()
    let earlier = self.receptions
    self.receptions = [:]
    self.resuming = []
    self.hasAdvanced = false
    self.isAnswered = false
    self.nonce = nonce
    var entries: [ExchangeRequest.Entry] = []
    let batch = self.remaining.prefix(Self.batch)
    for (shard, held) in zip(batch, self.node.board.entries(of: batch)) {
      let replaces = self.replaceable.contains(shard)
      guard let held, replaces || held.isTrusted else { continue }
      var request = SectionRequest(
        shard: shard, nonce: nonce, epoch: held.epoch, formClass: self.formClass,
        knowledge: held.knowledge, replace: replaces)
      if let begun = earlier[shard], let token = begun.resumeToken {
        request.knowledge = begun.asked
        request.resume = token
        self.resuming.insert(shard)
        self.receptions[shard] = SectionReception(nonce: nonce, resuming: begun)
      } else {
        self.receptions[shard] = SectionReception(
          nonce: nonce, asked: held.knowledge, responder: self.responder)
      }
      entries.append(ExchangeRequest.Entry(request: request, isOwed: true))
    }
    guard !entries.isEmpty else { return nil }
    // With this bookmark no news is told: the shards to be compared are known.
    return ExchangeRequest(
      nonce: nonce, requester: self.node.incarnation, bookmarkOf: self.responder,
      bookmark: .max, hold: .zero, credit: Self.credit, retirements: self.node.retirements,
      formClass: self.formClass, wall: self.node.clock.now().wall, entries: entries)
  }

  /// A section that the last answer has reached but not ended must resume, and one that was to resume
  /// must not have started over: else a large one could go on for ever.
  private mutating func giveUpWhatCannotGoOn() {
    for (shard, reception) in self.receptions where reception.mode != nil {
      let hasStartedOver = self.resuming.contains(shard) && reception.resumed == nil
      if hasStartedOver || reception.resumeToken == nil { self.end(shard) }
    }
  }

  // MARK: Taking the answer

  /// Throws if the bytes make no sense.
  mutating func take(_ frames: [Frame]) async throws(WireError) {
    var deliveries = ShardDeliveries()
    for (number, frame) in frames.enumerated() {
      for item in try SectionItem.decodeAll(frame.payload.span) {
        switch item {
        case .other(ExchangeItemKind.end, let body):
          let bytes = frame.payload.span.extracting(body)
          var reader = ByteReader(bytes)
          self.isAnswered =
            try ExchangeEnd(from: &reader).nonce == self.nonce || self.isAnswered
        case .other:
          // What else there is to hear of the responder, the usual pulls hear.
          continue
        case .refused(let refusal):
          if refusal.nonce == self.nonce { self.end(refusal.shard) }
        case .begin, .rows, .end:
          deliveries.append(item, of: frame.payload, number: number)
        }
      }
    }
    for (shard, delivery) in deliveries.all { await self.deliver(delivery, to: shard) }
  }

  private mutating func deliver(_ delivery: ShardActor.Delivery, to shard: ShardID) async {
    guard let actor = self.node.shards[shard], let reception = self.receptions[shard] else {
      return
    }
    // Rows issued anew are writes of this node: see `ShardVersionBoard.beginWrite`.
    let (ticket, now) = self.node.board.beginWrite(at: self.node.clock.now())
    let receipt = await actor.recover(
      delivery,
      on: Shard.RecoveryTerms(
        formClass: self.formClass, living: self.living,
        replaces: self.replaceable.contains(shard)),
      reception: reception, at: now)
    self.node.board.endWrite(ticket)
    self.hasAdvanced = true
    self.rowsRecovered += receipt.rowsIssued
    self.receptions[shard] = receipt.reception
    guard let merge = receipt.merge else { return }
    if case .merged = merge { self.merged.insert(shard) }
    self.end(shard)
  }

  /// The section is over, for better or worse.
  private mutating func end(_ shard: ShardID) {
    self.hasAdvanced = true
    self.receptions[shard] = nil
    self.remaining.removeAll { $0 == shard }
  }
}
