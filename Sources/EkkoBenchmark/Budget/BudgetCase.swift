internal import EkkoCore
internal import EkkoReplication
internal import EkkoStorage
internal import EkkoTransport

/// Work whose instructions are counted from outside, under `valgrind --tool=callgrind`: how many a row
/// takes does not depend on the machine's load. Two runs with different numbers of batches differ by
/// the batches' own work and nothing else.
package enum BudgetCase: String, CaseIterable, Sendable {
  /// Overwrites through the shard actors' entry, as a desk on their loop calls it.
  case put
  /// Lookups through the same.
  case get
  /// Choosing changed rows and encoding them for a peer.
  case answer
  /// Decoding a peer's rows and applying them.
  case apply
}

/// 64 shards, batches of 4,096 keys, rows of 16 numbers.
package actor BudgetRun {
  private let executor: ActorExecutor
  private let clock: any RuntimeClock
  private let cut: [WriteBatch]
  private let reads: [ReadBatch]
  private let actors: [ShardActor]
  private let schema: TableSchema

  private static let shardCount: UInt32 = 64
  private static let batchLength = 4096
  private static let keyCount = 16 * batchLength
  private static let rowLength = 16

  /// Rows of one batch.
  package static let rowsPerBatch = batchLength

  /// Does the work of `batches` batches on a loop of its own.
  package static func run(_ which: BudgetCase, batches: Int) async throws {
    let loops = try CoreLoops.start(count: 1)
    let runtime = Runtime.live(loops: loops)
    let run = BudgetRun(runtime)
    await runtime.spawn(on: Home(index: 0)) { await run.run(which, batches, runtime) }.value
    await loops.stop()
  }

  nonisolated package var unownedExecutor: UnownedSerialExecutor { unsafe self.executor.unowned }

  private func run(_ which: BudgetCase, _ batches: Int, _ runtime: Runtime) async {
    self.fill()
    switch which {
    case .put: self.put(batches)
    case .get: self.get(batches)
    case .answer: await self.exchange(batches, with: nil)
    case .apply: await self.exchange(batches, with: Self.makeActors(runtime, of: self.schema))
    }
  }

  private init(_ runtime: Runtime) {
    let schema = TableSchema(name: "rows", rowLength: Self.rowLength)
    let table = TableID(rawValue: 0)
    self.schema = schema
    self.executor = runtime.executor(for: Home(index: 0))
    self.clock = runtime.clock
    self.actors = Self.makeActors(runtime, of: schema)
    let values = [Float](repeating: 1, count: Self.batchLength * Self.rowLength)
    var generator = SplitMix64(seed: 1)
    let keys = (0..<UInt64(Self.keyCount)).shuffled(using: &generator)
    let parts = stride(from: 0, to: keys.count, by: Self.batchLength).map {
      Array(keys[$0..<($0 + Self.batchLength)])
    }
    self.cut = parts.map {
      WriteBatch(
        [RowWrites(kind: .put, table: table, keys: $0, values: .floats(values))],
        shardCount: Self.shardCount)
    }
    self.reads = parts.map {
      ReadBatch([RowReads(table: table, keys: $0)], shardCount: Self.shardCount)
    }
  }

  private static func makeActors(_ runtime: Runtime, of schema: TableSchema) -> [ShardActor] {
    let (board, incarnation) = (
      ShardVersionBoard(node: NodeID(name: "budget")), runtime.drawIncarnation()
    )
    return (0..<Self.shardCount).map { index in
      ShardActor(
        Shard(
          id: ShardID(model: ModelID(rawValue: 1), index: index), schemas: [schema],
          formClass: .full, incarnation: incarnation),
        board: board, runtime: runtime, home: Home(index: 0))
    }
  }

  private func fill() {
    for (number, batch) in self.cut.enumerated() { self.write(batch, as: UInt64(number)) }
  }

  private func put(_ batches: Int) {
    for number in 0..<batches {
      self.write(self.cut[number % self.cut.count], as: UInt64(number + self.cut.count))
    }
  }

  private func write(_ batch: WriteBatch, as number: UInt64) {
    let request = RequestID(client: ClientID(rawValue: 1), sequence: number + 1)
    let (write, now) = (ShardActor.enteringWrite, self.clock.now())
    for (place, shard) in batch.shards.enumerated() {
      let reply = write(self.actors[Int(shard)], batch[place], request, false, .first, now)
      guard case .outcome(.applied, _) = reply else { fatalError("a write was not applied") }
    }
  }

  private func get(_ batches: Int) {
    for number in 0..<batches {
      let batch = self.reads[number % self.reads.count]
      var rows = [ShardRows(toFill: Self.batchLength, schema: self.schema)]
      let (read, now) = (ShardActor.enteringRead, self.clock.now())
      for (place, shard) in batch.shards.enumerated() {
        _ = read(self.actors[Int(shard)], batch[place], .report, now, &rows)
      }
      guard rows[0].weights.last == 1 else { fatalError("a row was not read") }
    }
  }

  /// After each batch of writes a replica is sent what has changed, and applies it or not: to be read
  /// against `put`, and against each other.
  private func exchange(_ batches: Int, with replica: [ShardActor]?) async {
    var known = [VersionVector](repeating: VersionVector(), count: self.actors.count)
    var marks = [UInt64](repeating: 0, count: self.actors.count)
    for number in 0..<batches {
      self.write(self.cut[number % self.cut.count], as: UInt64(number + self.cut.count))
      for (place, actor) in self.actors.enumerated() {
        let request = SectionRequest(
          shard: actor.id, nonce: UInt64(number + 1), epoch: .first, formClass: .full,
          knowledge: known[place], mark: marks[place])
        let piece = await actor.answer(
          request, to: IncarnationID(rawValue: 2), byteLimit: 1 << 20, allowScan: true,
          after: ByteWriter(reservingCapacity: 1 << 16))
        guard piece.walk == nil else { fatalError("an answer that does not fit") }
        marks[place] = await actor.arrivalSequence
        known[place] = await actor.summary(withDigest: false).knowledge
        guard let replica else { continue }
        await Self.apply(piece.writer.bytes, request, to: replica[place], from: actor)
      }
    }
  }

  private static func apply(
    _ bytes: [UInt8], _ request: SectionRequest, to replica: ShardActor, from actor: ShardActor
  ) async {
    var delivery = ShardActor.Delivery()
    guard let items = try? SectionItem.decodeAll(bytes.span) else { fatalError("items unread") }
    for item in items { delivery.append(item, of: bytes[...], number: 0) }
    let reception = SectionReception(
      nonce: request.nonce, asked: request.knowledge, responder: actor.incarnation)
    let receipt = await replica.receive(delivery, reception: reception)
    guard case .merged = receipt.merge else { fatalError("an answer was not merged") }
  }
}
