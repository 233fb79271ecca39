import EkkoCore
import EkkoReplication
import EkkoSimulation
import EkkoStorage
import Testing

/// Two peers that both give all their rows, because of tombstones or retired origins that we do not know.
@Suite(.timeLimit(.minutes(5))) struct ShardActorReplacementTests {
  private static let shard = ShardID(model: ModelID(rawValue: 1), index: 0)
  private static let schemas = [TableSchema(name: "t", rowLength: 1)]

  private static func peer(_ incarnation: UInt64, at now: Instant) -> Shard {
    var shard = Shard(
      id: Self.shard, schemas: Self.schemas, formClass: .full,
      incarnation: IncarnationID(rawValue: incarnation))
    let write = RowWrites(
      kind: .put, table: TableID(rawValue: 0), keys: [incarnation],
      values: .floats([Float(incarnation)]))
    _ = shard.write([write], request: nil, at: now)
    return shard
  }

  /// The pieces of an answer that is to replace all rows: its beginning, and the rest.
  private static func answer(of peer: inout Shard, nonce: UInt64) -> [[UInt8]] {
    var begin = ByteWriter()
    let request = SectionRequest(
      shard: Self.shard, nonce: nonce, epoch: .first, formClass: .full,
      knowledge: VersionVector(), replace: true)
    guard case .opened(let walk) = peer.openWalk(for: request, announced: 0, into: &begin) else {
      return []
    }
    var rest = ByteWriter()
    while peer.continueWalk(walk, byteLimit: 1 << 16, into: &rest) == .more {}
    return [begin.bytes, rest.bytes]
  }

  private static func deliver(
    _ piece: [UInt8], to actor: ShardActor, _ reception: SectionReception
  ) async throws -> ShardActor.Receipt {
    var delivery = ShardActor.Delivery()
    for item in try SectionItem.decodeAll(piece.span) {
      delivery.append(item, of: piece[...], number: 0)
    }
    return await actor.receive(delivery, reception: reception)
  }

  /// Begins one replacement, lets `pause` pass, and goes through another.
  ///
  /// - Returns: what became of both.
  private static func replaceTwice(
    pause: Duration
  ) throws -> (first: Shard.Merge?, second: Shard.Merge?) {
    let simulation = Simulation(seed: 1)
    let process = simulation.makeProcess("node")
    return try simulation.run(as: process) {
      let runtime = process.runtime
      let now = runtime.clock.now()
      let actor = ShardActor(
        Shard(
          id: Self.shard, schemas: Self.schemas, formClass: .full,
          incarnation: IncarnationID(rawValue: 9)),
        board: ShardVersionBoard(node: NodeID(name: "n")), runtime: runtime,
        home: Home(index: 0))
      var peers = [Self.peer(1, at: now), Self.peer(2, at: now)]
      let answers = [
        Self.answer(of: &peers[0], nonce: 11), Self.answer(of: &peers[1], nonce: 12),
      ]
      func reception(_ place: Int) -> SectionReception {
        SectionReception(
          nonce: UInt64(11 + place), asked: VersionVector(), responder: peers[place].incarnation)
      }
      guard let first = try? await Self.deliver(answers[0][0], to: actor, reception(0)) else {
        return (nil, nil)
      }
      try? await runtime.clock.sleep(for: pause)
      let begun = try? await Self.deliver(answers[1][0], to: actor, reception(1))
      let second = try? await Self.deliver(
        answers[1][1], to: actor, begun?.reception ?? reception(1))
      let rest = try? await Self.deliver(answers[0][1], to: actor, first.reception)
      return (rest?.merge, second?.merge)
    }
  }

  /// Found by simulation: each began anew when the other had broken it off.
  @Test func `a replacement under way is not broken off by another`() throws {
    let merges = try Self.replaceTwice(pause: .milliseconds(100))
    #expect(merges.first == .merged(changed: true))
    #expect(merges.second == .dropped)
  }

  @Test func `one that gets nothing any more gives way`() throws {
    let merges = try Self.replaceTwice(pause: .seconds(3))
    #expect(merges.first == .dropped)
    #expect(merges.second == .merged(changed: true))
  }
}
