import EkkoCore
import EkkoSimulation
import EkkoStorage
import EkkoTransport
import Testing

@testable import EkkoReplication

/// Work for the shards of one core loop, which is done in one go there, beside the same work shard by shard.
@Suite(.timeLimit(.minutes(5))) struct LoopGroupsTests {
  private static let schemas = [TableSchema(name: "t", rowLength: 2)]
  private static let requester = IncarnationID(rawValue: 99)

  /// Actors of shards with ten rows each, on two homes in turn.
  private static func actors(
    _ count: UInt32, _ incarnation: UInt64, rows: Int, runtime: Runtime
  ) -> [ShardActor] {
    let board = ShardVersionBoard(node: NodeID(name: "n\(incarnation)"))
    return (0..<count).map { index in
      var shard = Shard(
        id: ShardID(model: ModelID(rawValue: 1), index: index), schemas: Self.schemas,
        formClass: .full, incarnation: IncarnationID(rawValue: incarnation))
      if rows > 0 {
        let keys = (0..<UInt64(rows)).map { $0 * 64 + UInt64(index) }
        let write = RowWrites(
          kind: .put, table: TableID(rawValue: 0), keys: keys,
          values: .floats(keys.flatMap { [Float($0), 1] }))
        _ = shard.write([write], request: nil, at: runtime.clock.now())
      }
      return ShardActor(
        shard, board: board, runtime: runtime, home: Home(index: Int(index) % 2))
    }
  }

  private static func request(_ actor: ShardActor) -> SectionRequest {
    SectionRequest(
      shard: actor.id, nonce: 7, epoch: .first, formClass: .full, knowledge: VersionVector())
  }

  private static func withLoops(_ body: (Runtime) async throws -> Void) async throws {
    let loops = try CoreLoops.start(count: 2)
    do { try await body(.live(loops: loops)) } catch {
      await loops.stop()
      throw error
    }
    await loops.stop()
  }

  @Test func `groups are of one loop, in order and not too large`() async throws {
    try await Self.withLoops { runtime in
      let groups = Self.actors(70, 1, rows: 0, runtime: runtime)
        .groupedByLoop(\.self, limit: 64) { $0.id.index == 4 ? 60 : 2 }
      // Those before the heavy one, and some of those after it; of the other loop as many as fit.
      #expect(groups.map(\.count) == [3, 32, 32, 3])
      #expect(groups.allSatisfy { group in group.allSatisfy { $0.home == group[0].home } })
      for home in 0..<2 {
        let indices = groups.joined().filter { $0.home.index == home }.map(\.id.index)
        #expect(indices == indices.sorted() && indices.count == 35)
      }
    }
  }

  @Test func `in a simulation every shard is a group`() throws {
    let simulation = Simulation(seed: 1)
    let process = simulation.makeProcess("node")
    try simulation.run(as: process) {
      let actors = Self.actors(4, 1, rows: 0, runtime: process.runtime)
      #expect(actors.groupedByLoop(\.self, limit: 32).map(\.count) == [1, 1, 1, 1])
    }
  }

  @Test func `sections answered together are those answered one by one, and apply alike`()
    async throws
  {
    try await Self.withLoops { runtime in
      let actors = Self.actors(6, 1, rows: 10, runtime: runtime)
      let replicas = Self.actors(6, 2, rows: 0, runtime: runtime)
      for group in actors.groupedByLoop(\.self, limit: 32) {
        let asks = group.map { ShardActor.Ask(actor: $0, request: Self.request($0)) }
        var together = await group[0].answer(
          together: asks[...], to: Self.requester, knowsResponder: true, byteLimit: 1 << 16,
          after: ByteWriter())
        #expect(together.answered == 3 && together.piece.walk == nil)
        var single = ByteWriter()
        for actor in group {
          single = await actor.answer(
            Self.request(actor), to: Self.requester, byteLimit: 1 << 16, allowScan: false,
            after: single
          ).writer
        }
        #expect(together.piece.writer.bytes == single.bytes)

        let bytes = together.piece.writer.bytes
        let parcels = try Self.parcels(of: bytes, for: replicas)
        #expect(parcels.count == 3)
        let receipts = await parcels[0].actor.receive(together: parcels)
        #expect(receipts.allSatisfy { $0.merge == .merged(changed: true) })
        for (actor, parcel) in zip(group, parcels) {
          #expect(await actor.digest() == parcel.actor.digest())
        }
        together.piece.writer = ByteWriter()
      }
    }
  }

  @Test func `what does not fit, or needs a scan, ends what is answered together`() async throws {
    try await Self.withLoops { runtime in
      let group = Self.actors(6, 1, rows: 10, runtime: runtime).groupedByLoop(\.self, limit: 32)[0]
      let asks = group.map { ShardActor.Ask(actor: $0, request: Self.request($0)) }
      let full = await group[0].answer(
        together: asks[...], to: Self.requester, knowsResponder: true, byteLimit: 500,
        after: ByteWriter())
      #expect(full.answered == 1 && full.piece.walk == nil && !full.piece.needsScan)

      // What one of them was written has left its cache.
      await group[1].forgetCache()
      let miss = await group[0].answer(
        together: asks[...], to: Self.requester, knowsResponder: true, byteLimit: 1 << 16,
        after: ByteWriter())
      #expect(miss.answered == 1 && miss.piece.needsScan)
      #expect(miss.piece.writer.bytes == full.piece.writer.bytes)
    }
  }

  private static func parcels(
    of bytes: [UInt8], for actors: [ShardActor]
  ) throws -> [ShardActor.Parcel] {
    var deliveries = ShardDeliveries()
    for item in try SectionItem.decodeAll(bytes.span) {
      deliveries.append(item, of: bytes[...], number: 0)
    }
    return deliveries.all.map { shard, delivery in
      ShardActor.Parcel(
        actor: actors[Int(shard.index)], delivery: delivery,
        reception: SectionReception(
          nonce: 7, asked: VersionVector(), responder: IncarnationID(rawValue: 1)))
    }
  }
}

extension ShardActor {
  /// Prunes everything, as if it had arrived long ago.
  fileprivate func forgetCache() {
    var later = self.clock.now()
    later = Instant(
      monotonic: later.monotonic.advanced(by: .seconds(3600)), wall: later.wall,
      wallUncertainty: later.wallUncertainty)
    self.shard.pruneCache(at: later)
  }
}
