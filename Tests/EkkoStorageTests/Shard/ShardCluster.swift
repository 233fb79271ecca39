import EkkoCore
import EkkoStorage

/// A few replicas of one shard and every update ever issued: the oracle the tests compare with.
struct ShardCluster {
  var replicas: [Shard]
  private(set) var issued: [(key: ParameterKey, version: ParameterVersion)] = []
  var now: Instant
  private var nextNonce: UInt64 = 1
  private var nextIncarnation: UInt64 = 1

  static let schemas = [
    TableSchema(
      name: "embedding", valueType: .float32, rowLength: 4,
      optimiser: .adagrad(learningRate: 0.1, initialAccumulator: 0.1, epsilon: 1e-8),
      initialiser: .uniform(low: -0.1, high: 0.1)),
    TableSchema(
      name: "wide", valueType: .float32, rowLength: 1, optimiser: .sgd(learningRate: 0.1),
      initialiser: .zeros),
  ]
  static let shard = ShardID(model: ModelID(rawValue: 1), index: 0)

  init(count: Int, formClasses: [FormClass]? = nil) {
    self.now = Instant(
      monotonic: MonotonicTime(nanoseconds: 1_000_000_000),
      wall: WallTime(microseconds: 1_700_000_000_000_000))
    self.replicas = []
    for index in 0..<count {
      self.replicas.append(self.makeReplica(formClass: formClasses?[index] ?? .full))
    }
  }

  mutating func makeReplica(formClass: FormClass) -> Shard {
    defer { self.nextIncarnation += 1 }
    return Shard(
      id: Self.shard, schemas: Self.schemas, formClass: formClass,
      incarnation: IncarnationID(rawValue: self.nextIncarnation))
  }

  mutating func advance(by duration: Duration) {
    let wall = Int64(self.now.wall.microseconds) + duration.wholeNanoseconds / 1000
    self.now = Instant(
      monotonic: self.now.monotonic.advanced(by: duration),
      wall: WallTime(microseconds: UInt64(wall)))
  }

  mutating func write(_ kind: WriteKind, at replica: Int, table: Int, keys: [UInt64]) {
    let length = Self.schemas[table].rowLength
    let values = (0..<(keys.count * length)).map { Float($0 % 7) - 3 }
    let write = RowWrites(
      kind: kind, table: TableID(rawValue: UInt16(table)), keys: keys,
      values: kind == .delete ? .none : .floats(values))
    guard
      case .applied(let versions) = self.replicas[replica].write(
        [write], request: nil, at: self.now)
    else { return }
    for (key, timestamp) in zip(keys, versions.all) {
      self.issued.append(
        (
          ParameterKey(table: write.table, key: key),
          ParameterVersion(timestamp: timestamp, origin: self.replicas[replica].incarnation)
        ))
    }
  }

  /// A pull under way: the requester's reception and the responder's open walk.
  struct Pull {
    let requester: Int
    let responder: Int
    var reception: SectionReception
    let walk: UInt64
  }

  mutating func beginPull(
    from responder: Int, by requester: Int, mark: UInt64 = 0, replace: Bool = false,
    formClass: FormClass? = nil
  ) -> (Pull, [UInt8])? {
    let nonce = self.nextNonce
    self.nextNonce += 1
    let request = SectionRequest(
      shard: Self.shard, nonce: nonce, epoch: .first,
      formClass: formClass ?? self.replicas[requester].formClass,
      knowledge: self.replicas[requester].knowledge, mark: mark, replace: replace)
    var writer = ByteWriter()
    let opening = self.replicas[responder].openWalk(for: request, announced: 0, into: &writer)
    guard case .opened(let walk) = opening else { return nil }
    let reception = SectionReception(
      nonce: nonce, asked: request.knowledge, responder: self.replicas[responder].incarnation)
    return (
      Pull(requester: requester, responder: responder, reception: reception, walk: walk),
      writer.bytes
    )
  }

  /// Asks again where `pull` broke off.
  mutating func resume(_ pull: Pull) -> (Pull, [UInt8])? {
    let nonce = self.nextNonce
    self.nextNonce += 1
    let request = SectionRequest(
      shard: Self.shard, nonce: nonce, epoch: .first,
      formClass: self.replicas[pull.requester].formClass, knowledge: pull.reception.asked,
      resume: pull.reception.resumeToken)
    var writer = ByteWriter()
    let opening = self.replicas[pull.responder].openWalk(
      for: request, announced: 0, into: &writer)
    guard case .opened(let walk) = opening else { return nil }
    return (
      Pull(
        requester: pull.requester, responder: pull.responder,
        reception: SectionReception(nonce: nonce, resuming: pull.reception), walk: walk),
      writer.bytes
    )
  }

  /// Delivers all that is left of a pull.
  mutating func finish(_ pull: inout Pull, byteLimit: Int = 1) throws -> Shard.Merge? {
    while true {
      let (next, isLast) = self.nextItems(of: pull, byteLimit: byteLimit)
      let outcome = try self.deliver(next, to: &pull)
      if isLast { return outcome }
    }
  }

  /// The responder's next items.
  mutating func nextItems(of pull: Pull, byteLimit: Int) -> (bytes: [UInt8], isLast: Bool) {
    var writer = ByteWriter()
    let progress = self.replicas[pull.responder].continueWalk(
      pull.walk, byteLimit: byteLimit, into: &writer)
    return (writer.bytes, progress == .finished)
  }

  /// Delivers bytes to the requester; the merge's outcome if they held the section's end.
  mutating func deliver(_ bytes: [UInt8], to pull: inout Pull) throws -> Shard.Merge? {
    var outcome: Shard.Merge?
    for item in try SectionItem.decodeAll(bytes.span) {
      let step = self.replicas[pull.requester].receive(
        item, in: bytes.span, reception: &pull.reception, at: self.now)
      if case .ended(let merge) = step { outcome = merge }
    }
    return outcome
  }

  /// One whole pull in pieces of about `byteLimit` bytes.
  @discardableResult
  mutating func pull(
    from responder: Int, by requester: Int, byteLimit: Int = 60_000, replace: Bool = false
  ) throws -> Shard.Merge? {
    guard let begun = self.beginPull(from: responder, by: requester, replace: replace) else {
      return nil
    }
    var (pull, bytes) = begun
    _ = try self.deliver(bytes, to: &pull)
    while true {
      let (next, isLast) = self.nextItems(of: pull, byteLimit: byteLimit)
      let outcome = try self.deliver(next, to: &pull)
      if isLast { return outcome }
    }
  }

  // MARK: Checks

  /// K1: what a replica's knowledge covers, its rows have, in that version or a later one.
  func firstUnsoundKnowledge() -> (replica: Int, key: ParameterKey)? {
    for (index, replica) in self.replicas.enumerated() {
      for update in self.issued where update.version.timestamp > .zero {
        guard replica.knowledge.covers(update.version) else { continue }
        if !self.holds(update.key, update.version, at: index) { return (index, update.key) }
      }
    }
    return nil
  }

  /// Whether the replica's row of `key` has `version` or a later one.
  func holds(_ key: ParameterKey, _ version: ParameterVersion, at replica: Int) -> Bool {
    let replica = self.replicas[replica]
    let table = replica.tables[Int(key.table.rawValue)]
    guard let slot = table.slot(of: key.key) else { return false }
    let stamp = table.stamp(at: slot)
    return ParameterVersion(timestamp: stamp.timestamp, origin: replica.origins[stamp.origin])
      >= version
  }

  var digests: [UInt64] { self.replicas.map { $0.digest(at: self.now) } }
}
