import EkkoCore
package import EkkoStorage

/// A whole small cluster as one value: replicas of one shard, exchanges under way, and the oracle
/// that knows every update issued that may still matter.
///
/// The replicas are the product's own `Shard` values, and what travels are the product's own bytes.
/// Nothing here depends on the order in which equal states were reached, so that merging them by
/// `fingerprint` loses nothing.
package struct ExplorationState: Sendable {
  /// An update, for the oracle.
  struct Update: Hashable, Sendable {
    let version: ParameterVersion
    let key: UInt64
  }

  /// A shard's file, and what it claims.
  struct File: Sendable {
    let header: SnapshotHeader
    let items: [UInt8]
    let knowledge: VersionVector
  }

  /// A few replicas by number.
  struct ReplicaSet: Sendable {
    private var bits: UInt64 = 0

    mutating func insert(_ replica: Int) { self.bits |= 1 << UInt64(replica) }

    func contains(_ replica: Int) -> Bool { self.bits & 1 << UInt64(replica) != 0 }
  }

  package internal(set) var replicas: [Shard] = []
  package internal(set) var budget: ExplorationScope
  let trap: ExplorationTrap?
  var exchanges: [Exchange] = []
  /// A piece seen a second time, and who gets it.
  var duplicate: (requester: Int, nonce: UInt64, bytes: [UInt8])?
  var files: [File?]
  var issued: [Update] = []
  /// The replicas that the last step may have changed.
  var touched = ReplicaSet()
  var planted = PlantedState()
  /// What the last step itself has shown to be wrong.
  private var failure: ExplorationFailure?
  private var lives: [UInt64]
  private var askCount: UInt64 = 0

  static let shard = ShardID(model: ModelID(rawValue: 1), index: 0)
  static let schema = TableSchema(
    name: "wide", valueType: .float32, rowLength: 1, optimiser: .sgd(learningRate: 1),
    initialiser: .zeros)
  /// All clocks stand still: versions advance by their counters alone, so ties come up, and a replica
  /// that has seen a later version of one key writes an earlier one of another.
  static let now = Instant(
    monotonic: .zero, wall: WallTime(microseconds: 1_700_000_000_000_000))

  package init(scope: ExplorationScope, trap: ExplorationTrap? = nil) {
    self.budget = scope
    self.trap = trap
    self.lives = Array(repeating: 0, count: scope.replicas)
    self.files = Array(repeating: nil, count: scope.replicas)
    for replica in 0..<scope.replicas {
      self.replicas.append(self.makeReplica(self.nextIncarnation(of: replica)))
    }
    self.budget.operations += scope.earlierPuts
    for _ in 0..<scope.earlierPuts { self.write(.put, 0, 0) }
  }

  func incarnation(of replica: Int) -> IncarnationID {
    IncarnationID(rawValue: UInt64(replica + 1) * 16 + self.lives[replica])
  }

  mutating func nextIncarnation(of replica: Int) -> IncarnationID {
    self.lives[replica] += 1
    return self.incarnation(of: replica)
  }

  mutating func nextNonce() -> UInt64 {
    self.askCount += 1
    return self.askCount
  }

  func makeReplica(_ incarnation: IncarnationID) -> Shard {
    Shard(id: Self.shard, schemas: [Self.schema], formClass: .full, incarnation: incarnation)
  }

  // MARK: What may happen

  package var possibleSteps: [ExplorationStep] {
    var steps: [ExplorationStep] = []
    for replica in self.replicas.indices { self.appendSteps(of: replica, to: &steps) }
    for index in self.exchanges.indices { self.appendSteps(ofExchange: index, to: &steps) }
    if self.duplicate != nil { steps.append(.deliverDuplicate) }
    self.appendPlantedSteps(to: &steps)
    return steps
  }

  private func appendSteps(of replica: Int, to steps: inout [ExplorationStep]) {
    if self.budget.operations > 0 {
      // Keys are alike: which one comes first does not matter.
      for key in self.issued.isEmpty ? 0..<1 : UInt64(0)..<2 {
        steps.append(.put(replica: replica, key: key))
        if self.budget.deletes > 0 { steps.append(.delete(replica: replica, key: key)) }
      }
    }
    if self.budget.restarts > 0 {
      steps.append(.restart(replica: replica, withFile: false))
      if self.files[replica] != nil { steps.append(.restart(replica: replica, withFile: true)) }
      if self.budget.saves > 0, self.replicas[replica].rowCount > 0 {
        steps.append(.save(replica: replica))
      }
    }
    if self.budget.prunings > 0, self.replicas[replica].cache.liveCount > 0 {
      steps.append(.prune(replica: replica))
    }
    for responder in self.replicas.indices where self.mayAsk(replica, responder) {
      steps.append(.ask(requester: replica, responder: responder))
    }
  }

  private func appendSteps(ofExchange index: Int, to steps: inout [ExplorationStep]) {
    let exchange = self.exchanges[index]
    if !exchange.isSent {
      steps.append(exchange.walk == nil ? .answer(exchange: index) : .send(exchange: index))
    }
    if self.budget.losses > 0 { steps.append(.breakLink(exchange: index)) }
    let hasPiece = self.budget.delays ? !exchange.inFlight.isEmpty : exchange.walk != nil
    guard hasPiece else { return }
    if self.budget.delays { steps.append(.deliver(exchange: index)) }
    if self.budget.losses > 0 { steps.append(.losePiece(exchange: index)) }
    if self.budget.duplicates > 0 { steps.append(.duplicate(exchange: index)) }
  }

  /// A pull is worth while unless the held shard version dominates the peer's (§4.4.2); one at a
  /// time between two replicas.
  func mayAsk(_ requester: Int, _ responder: Int) -> Bool {
    guard self.budget.pulls > 0, requester != responder,
      self.exchanges.count < self.budget.concurrentPulls
    else { return false }
    if self.exchanges.contains(where: { $0.requester == requester && $0.responder == responder }) {
      return false
    }
    return !self.replicas[requester].shardVersion.dominates(self.shownVersion(of: responder))
  }

  // MARK: Making it happen

  package mutating func take(_ step: ExplorationStep) throws(ExplorationFailure) {
    self.retake(step)
    if let failure = self.failure { throw failure }
    try self.check()
  }

  /// Takes a step that is known to break nothing.
  mutating func retake(_ step: ExplorationStep) {
    self.touched = ReplicaSet()
    self.failure = nil
    switch step {
    case .put(let replica, let key): self.write(.put, replica, key)
    case .delete(let replica, let key): self.write(.delete, replica, key)
    case .ask(let requester, let responder): self.ask(requester, responder)
    case .answer(let exchange): self.answer(exchange)
    case .send(let exchange): self.send(exchange)
    case .deliver(let exchange): self.deliver(exchange)
    case .breakLink(let exchange):
      self.budget.losses -= 1
      self.breakOff(exchange)
    case .losePiece(let exchange): self.losePiece(exchange)
    case .duplicate(let exchange): self.duplicatePiece(exchange)
    case .deliverDuplicate: self.deliverDuplicate()
    case .restart(let replica, let withFile): self.restart(replica, withFile: withFile)
    case .save(let replica): self.save(replica)
    case .prune(let replica): self.prune(replica)
    case .beginWrite(let replica, let key): self.beginWrite(replica, key)
    case .completeWrite: self.completeWrite()
    case .announceEarly(let replica): self.planted.early = replica
    }
    self.forgetIrrelevantUpdates()
  }

  private mutating func write(_ kind: WriteKind, _ replica: Int, _ key: UInt64) {
    self.budget.operations -= 1
    if kind == .delete { self.budget.deletes -= 1 }
    if self.planted.early == replica { self.planted.early = nil }
    self.touched.insert(replica)
    self.plantBeforeIssuing(at: replica)
    let write = Self.write(kind, key)
    guard
      case .applied(let versions) = self.replicas[replica].write(
        [write], request: nil, at: self.clock(of: replica))
    else { return }
    let update = Update(
      version: ParameterVersion(
        timestamp: versions.newest, origin: self.replicas[replica].incarnation),
      key: key)
    if self.issued.contains(where: { $0.version == update.version }) {
      self.failure = .versionNotUnique
    }
    self.issued.append(update)
  }

  static func write(_ kind: WriteKind, _ key: UInt64) -> RowWrites {
    RowWrites(
      kind: kind, table: TableID(rawValue: 0), keys: [key],
      values: kind == .put ? .floats([1]) : .none)
  }

  private mutating func restart(_ replica: Int, withFile: Bool) {
    self.budget.restarts -= 1
    for index in self.exchanges.indices.reversed()
    where self.exchanges[index].requester == replica
      || self.exchanges[index].responder == replica
    {
      self.breakOff(index)
    }
    self.touched.insert(replica)
    let incarnation = self.incarnationAfterRestart(of: replica)
    if withFile, let file = self.files[replica] {
      self.replicas[replica] = Self.load(file, as: incarnation)
      self.planted.loaded[replica] = self.replicas[replica].arrival
    } else {
      self.replicas[replica] = self.makeReplica(incarnation)
      self.planted.loaded[replica] = nil
    }
    // Without another restart to come no file is read again.
    if self.budget.restarts == 0 { self.files = self.files.map { _ in nil } }
  }

  private mutating func save(_ replica: Int) {
    self.budget.saves -= 1
    let header = SnapshotHeader(of: self.replicas[replica], at: Self.now)
    var shard = self.replicas[replica]
    var writer = ByteWriter()
    let request = SectionRequest(
      shard: Self.shard, nonce: 0, epoch: .first, formClass: .full, knowledge: VersionVector(),
      replace: true)
    guard case .opened(let walk) = shard.openWalk(for: request, announced: 0, into: &writer)
    else { return }
    while shard.continueWalk(walk, byteLimit: 1 << 16, into: &writer) == .more {}
    self.files[replica] = File(
      header: header, items: writer.bytes, knowledge: shard.knowledge)
  }

  private static func load(_ file: File, as incarnation: IncarnationID) -> Shard {
    var restoration = ShardRestoration(
      file.header, incarnation: incarnation, futureBound: Shard.usualFutureBound, at: Self.now)
    do {
      try restoration.take(file.items)
      return try restoration.finish()
    } catch {
      preconditionFailure("our own file is refused: \(error)")
    }
  }

  private mutating func prune(_ replica: Int) {
    self.budget.prunings -= 1
    self.touched.insert(replica)
    let later = Instant(
      monotonic: Self.now.monotonic.advanced(by: .seconds(3600)), wall: Self.now.wall)
    self.replicas[replica].pruneCache(at: later)
  }

  // MARK: What no longer matters

  /// Drops updates that no check can need: a later update of the same origin and key exists, and no
  /// knowledge that anybody holds, or may yet merge, ends between the two.
  private mutating func forgetIrrelevantUpdates() {
    for index in self.issued.indices.reversed() where self.isIrrelevant(self.issued[index]) {
      self.issued.remove(at: index)
    }
    // In which order they were issued at different replicas does not matter.
    self.issued.sort { $0.version < $1.version }
  }

  private func isIrrelevant(_ update: Update) -> Bool {
    let origin = update.version.origin
    let later = self.issued.lazy.filter {
      $0.key == update.key && $0.version.origin == origin
        && $0.version.timestamp > update.version.timestamp
    }
    guard let next = later.map(\.version.timestamp).min() else { return false }
    func isBetween(_ vector: VersionVector?) -> Bool {
      guard let end = vector?[origin] else { return false }
      return end >= update.version.timestamp && end < next
    }
    return !self.replicas.indices.contains { isBetween(self.replicas[$0].knowledge) }
      && !self.exchanges.contains { isBetween($0.claimed) }
      && !self.files.contains { isBetween($0?.knowledge) }
  }
}
