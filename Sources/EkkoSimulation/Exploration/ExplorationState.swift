import EkkoCore
package import EkkoStorage

/// A whole small cluster as one value: replicas of one shard, exchanges under way, and the oracle
/// that knows every update and every shard version ever issued.
///
/// The replicas are the product's own `Shard` values, and what travels are the product's own bytes.
package struct ExplorationState: Sendable {
  package struct Exchange: Sendable {
    let requester: Int
    let responder: Int
    let request: SectionRequest
    var reception: SectionReception
    var walk: UInt64?
    var isSent = false
    var inFlight: [[UInt8]] = []
  }

  package internal(set) var replicas: [Shard] = []
  package internal(set) var budget: ExplorationScope
  var exchanges: [Exchange] = []
  /// A piece seen a second time, and who gets it.
  var duplicate: (requester: Int, bytes: [UInt8])?
  /// The latest version issued for each key by each origin is what K1 needs of the past.
  var issued: [ParameterVersion: UInt64] = [:]
  var issuedShardVersions: [ShardVersion: VersionVector] = [:]
  var now = Instant(
    monotonic: .zero, wall: WallTime(microseconds: 1_700_000_000_000_000))
  private var lives: [UInt64]
  private var asked: [UInt64]

  static let shard = ShardID(model: ModelID(rawValue: 1), index: 0)
  static let schema = TableSchema(
    name: "wide", valueType: .float32, rowLength: 1, optimiser: .sgd(learningRate: 1),
    initialiser: .zeros)

  package init(scope: ExplorationScope) {
    self.budget = scope
    self.lives = Array(repeating: 0, count: scope.replicas)
    self.asked = Array(repeating: 0, count: scope.replicas)
    for replica in 0..<scope.replicas { self.replicas.append(self.makeReplica(replica)) }
  }

  /// An empty replica in its next life.
  private mutating func makeReplica(_ index: Int) -> Shard {
    self.lives[index] += 1
    let shard = Shard(
      id: Self.shard, schemas: [Self.schema], formClass: .full,
      incarnation: IncarnationID(rawValue: UInt64(index + 1) * 16 + self.lives[index]))
    self.issuedShardVersions[shard.shardVersion] = shard.knowledge
    return shard
  }

  // MARK: What may happen

  package var possibleSteps: [ExplorationStep] {
    var steps: [ExplorationStep] = []
    for replica in self.replicas.indices {
      if self.budget.writes > 0 {
        steps.append(.write(replica: replica, key: 0))
        steps.append(.write(replica: replica, key: 1))
      }
      if self.budget.restarts > 0 { steps.append(.restart(replica: replica)) }
      if self.budget.prunings > 0, self.replicas[replica].cache.liveCount > 0 {
        steps.append(.prune(replica: replica))
      }
      for responder in self.replicas.indices where self.mayAsk(replica, responder) {
        steps.append(.ask(requester: replica, responder: responder))
      }
    }
    for (index, exchange) in self.exchanges.enumerated() {
      if exchange.walk == nil, !exchange.isSent { steps.append(.answer(exchange: index)) }
      if exchange.walk != nil, !exchange.isSent { steps.append(.send(exchange: index)) }
      if !exchange.inFlight.isEmpty {
        steps.append(.deliver(exchange: index))
        if self.budget.duplicates > 0 { steps.append(.duplicate(exchange: index)) }
      }
      if self.budget.losses > 0 { steps.append(.lose(exchange: index)) }
    }
    if self.duplicate != nil { steps.append(.deliverDuplicate) }
    return steps
  }

  /// A pull is worth while unless the held shard version dominates the peer's (§4.4.2); one at a
  /// time between two replicas.
  private func mayAsk(_ requester: Int, _ responder: Int) -> Bool {
    guard self.budget.pulls > 0, requester != responder else { return false }
    if self.exchanges.contains(where: { $0.requester == requester && $0.responder == responder }) {
      return false
    }
    return !self.replicas[requester].shardVersion.dominates(self.replicas[responder].shardVersion)
  }

  // MARK: Making it happen

  package mutating func take(_ step: ExplorationStep) throws(ExplorationFailure) {
    switch step {
    case .write(let replica, let key): self.write(replica, key)
    case .ask(let requester, let responder): self.ask(requester, responder)
    case .answer(let exchange): self.answer(exchange)
    case .send(let exchange): self.send(exchange)
    case .deliver(let exchange):
      let bytes = self.exchanges[exchange].inFlight.removeFirst()
      self.receive(bytes, in: exchange)
      if self.exchanges[exchange].isSent, self.exchanges[exchange].inFlight.isEmpty {
        self.exchanges.remove(at: exchange)
      }
    case .lose(let exchange):
      self.budget.losses -= 1
      self.breakOff(exchange)
    case .duplicate(let exchange):
      self.budget.duplicates -= 1
      self.duplicate = (
        self.exchanges[exchange].requester, self.exchanges[exchange].inFlight[0]
      )
    case .deliverDuplicate: self.deliverDuplicate()
    case .restart(let replica): self.restart(replica)
    case .prune(let replica): self.prune(replica)
    }
    try self.check()
  }

  private mutating func write(_ replica: Int, _ key: UInt64) {
    self.budget.writes -= 1
    let write = ShardWrite(
      kind: .put, table: TableID(rawValue: 0), keys: [key], values: .floats([1]))
    guard
      case .applied(let versions) = self.replicas[replica].write(
        [write], request: nil, at: self.now)
    else { return }
    let version = ParameterVersion(
      timestamp: versions[0][0], origin: self.replicas[replica].incarnation)
    self.issued[version] = key
  }

  private mutating func ask(_ requester: Int, _ responder: Int) {
    self.budget.pulls -= 1
    self.asked[requester] += 1
    let nonce = UInt64(requester) << 32 | self.asked[requester]
    let request = SectionRequest(
      shard: Self.shard, nonce: nonce, epoch: .first, formClass: .full,
      knowledge: self.replicas[requester].knowledge)
    self.exchanges.append(
      Exchange(
        requester: requester, responder: responder, request: request,
        reception: SectionReception(
          nonce: nonce, asked: request.knowledge,
          responder: self.replicas[responder].incarnation)))
  }

  private mutating func answer(_ index: Int) {
    var writer = ByteWriter()
    let exchange = self.exchanges[index]
    let opening = self.replicas[exchange.responder].openWalk(
      for: exchange.request, announced: 0, into: &writer)
    guard case .opened(let walk) = opening else {
      self.exchanges.remove(at: index)
      return
    }
    self.exchanges[index].walk = walk
    self.exchanges[index].inFlight.append(writer.bytes)
  }

  private mutating func send(_ index: Int) {
    guard let walk = self.exchanges[index].walk else { return }
    var writer = ByteWriter()
    let progress = self.replicas[self.exchanges[index].responder].continueWalk(
      walk, byteLimit: 1, into: &writer)
    self.exchanges[index].inFlight.append(writer.bytes)
    if progress == .finished {
      self.exchanges[index].isSent = true
      self.exchanges[index].walk = nil
    }
  }

  private mutating func receive(_ bytes: [UInt8], in index: Int) {
    guard let items = try? SectionItem.decodeAll(bytes.span) else {
      preconditionFailure("our own bytes do not decode")
    }
    let requester = self.exchanges[index].requester
    for item in items {
      _ = self.replicas[requester].receive(
        item, in: bytes.span, reception: &self.exchanges[index].reception, at: self.now)
    }
  }

  /// A late piece meets whatever exchange its addressee has under way now.
  private mutating func deliverDuplicate() {
    guard let late = self.duplicate else { return }
    self.duplicate = nil
    for index in self.exchanges.indices where self.exchanges[index].requester == late.requester {
      self.receive(late.bytes, in: index)
    }
  }

  private mutating func breakOff(_ index: Int) {
    let exchange = self.exchanges.remove(at: index)
    if let walk = exchange.walk {
      self.replicas[exchange.responder].abandonWalk(walk, keepUntil: nil)
    }
  }

  private mutating func restart(_ replica: Int) {
    self.budget.restarts -= 1
    for index in self.exchanges.indices.reversed()
    where self.exchanges[index].requester == replica
      || self.exchanges[index].responder == replica
    {
      self.breakOff(index)
    }
    self.replicas[replica] = self.makeReplica(replica)
  }

  private mutating func prune(_ replica: Int) {
    self.budget.prunings -= 1
    let later = Instant(
      monotonic: self.now.monotonic.advanced(by: .seconds(3600)), wall: self.now.wall)
    self.replicas[replica].pruneCache(at: later)
  }
}
