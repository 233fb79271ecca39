import EkkoCore
import EkkoStorage

extension ExplorationState {
  /// A pull under way.
  struct Exchange: Sendable {
    let requester: Int
    let responder: Int
    let request: SectionRequest
    var reception: SectionReception
    var walk: UInt64?
    var isSent = false
    var inFlight: [[UInt8]] = []
    /// What the section's end claims or will claim.
    var claimed: VersionVector?
    /// Whether every piece so far has arrived once: then the checksums of both sides are equal.
    var isIntact = true
    /// For planted mistakes: what was accepted, and a shard version to be claimed.
    var accepted = (count: UInt64(0), checksum: CRC32C())
    var claim: ShardVersion?
    /// The mark of a cache walk: what arrives at the responder after it was rewritten meanwhile.
    var mark: UInt64?
  }

  mutating func ask(_ requester: Int, _ responder: Int) {
    self.budget.pulls -= 1
    let nonce = self.nextNonce()
    let request = SectionRequest(
      shard: Self.shard, nonce: nonce, epoch: .first, formClass: .full,
      knowledge: self.replicas[requester].knowledge)
    let exchange = Exchange(
      requester: requester, responder: responder, request: request,
      reception: SectionReception(
        nonce: nonce, asked: request.knowledge,
        responder: self.replicas[responder].incarnation))
    let place =
      self.exchanges.firstIndex {
        ($0.requester, $0.responder) > (requester, responder)
      } ?? self.exchanges.count
    self.exchanges.insert(exchange, at: place)
    if !self.budget.delays { self.answer(place) }
  }

  mutating func answer(_ index: Int) {
    let exchange = self.exchanges[index]
    self.touched.insert(exchange.responder)
    var writer = ByteWriter()
    let opening = self.replicas[exchange.responder].openWalk(
      for: exchange.request, announced: 0, into: &writer)
    guard case .opened(let walk) = opening else {
      self.exchanges.remove(at: index)
      return
    }
    self.exchanges[index].walk = walk
    self.exchanges[index].claimed = self.replicas[exchange.responder].knowledge
    if case .cache(_) = self.replicas[exchange.responder].walks.last?.position {
      self.exchanges[index].mark = self.replicas[exchange.responder].walks.last?.mark
    }
    if self.planted.early == exchange.responder {
      self.exchanges[index].claim = self.shownVersion(of: exchange.responder)
    }
    self.handOver(writer.bytes, of: index)
  }

  /// The responder's next piece.
  private mutating func nextPiece(_ index: Int) -> [UInt8]? {
    let responder = self.exchanges[index].responder
    guard let walk = self.exchanges[index].walk else { return nil }
    self.touched.insert(responder)
    var writer = ByteWriter()
    let progress = self.replicas[responder].continueWalk(walk, byteLimit: 1, into: &writer)
    if progress == .finished {
      self.exchanges[index].isSent = true
      self.exchanges[index].walk = nil
    }
    return writer.bytes
  }

  mutating func send(_ index: Int) {
    guard let piece = self.nextPiece(index) else { return }
    self.handOver(piece, of: index)
  }

  private mutating func handOver(_ bytes: [UInt8], of index: Int) {
    if self.budget.delays {
      self.exchanges[index].inFlight.append(bytes)
    } else {
      self.receive(bytes, in: index)
      self.closeIfOver(index)
    }
  }

  mutating func deliver(_ index: Int) {
    self.receive(self.exchanges[index].inFlight.removeFirst(), in: index)
    self.closeIfOver(index)
  }

  private mutating func closeIfOver(_ index: Int) {
    if self.exchanges[index].isSent, self.exchanges[index].inFlight.isEmpty {
      self.exchanges.remove(at: index)
    }
  }

  mutating func losePiece(_ index: Int) {
    self.budget.losses -= 1
    self.exchanges[index].isIntact = false
    if self.budget.delays {
      self.exchanges[index].inFlight.removeFirst()
    } else {
      _ = self.nextPiece(index)
    }
    self.closeIfOver(index)
  }

  /// The next piece arrives twice. With delays the second copy comes at any later moment, also to
  /// another exchange. Without, it comes at once: it brings no row that has not just been applied, so
  /// until the section's end it makes no difference when it comes.
  mutating func duplicatePiece(_ index: Int) {
    self.budget.duplicates -= 1
    let exchange = self.exchanges[index]
    if self.budget.delays {
      self.duplicate = (exchange.requester, exchange.request.nonce, exchange.inFlight[0])
      self.deliver(index)
    } else if let piece = self.nextPiece(index) {
      self.exchanges[index].isIntact = false
      self.receive(piece, in: index)
      self.receive(piece, in: index)
      self.closeIfOver(index)
    }
  }

  /// A late piece meets whatever exchanges its addressee has under way now.
  mutating func deliverDuplicate() {
    guard let late = self.duplicate else { return }
    self.duplicate = nil
    for index in self.exchanges.indices where self.exchanges[index].requester == late.requester {
      if self.exchanges[index].request.nonce == late.nonce {
        self.exchanges[index].isIntact = false
      }
      self.receive(late.bytes, in: index)
    }
  }

  mutating func breakOff(_ index: Int) {
    let exchange = self.exchanges.remove(at: index)
    if let walk = exchange.walk {
      self.touched.insert(exchange.responder)
      self.replicas[exchange.responder].abandonWalk(walk, keepUntil: nil)
    }
  }

  private mutating func receive(_ bytes: [UInt8], in index: Int) {
    let items: [SectionItem]
    do {
      items = try SectionItem.decodeAll(bytes.span)
    } catch {
      preconditionFailure("our own bytes do not decode: \(error)")
    }
    let requester = self.exchanges[index].requester
    self.touched.insert(requester)
    for item in items {
      guard let item = self.planting(item, in: bytes.span, of: index) else { continue }
      self.plantBeforeIssuing(at: requester)
      let step = self.replicas[requester].receive(
        item, in: bytes.span, reception: &self.exchanges[index].reception, at: Self.now)
      if case .ended(.merged(changed: false)) = step, case .end(let end) = item {
        self.plantAfterMerge(of: end, at: requester)
      }
    }
  }
}
