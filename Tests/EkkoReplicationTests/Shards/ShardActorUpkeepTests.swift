import EkkoCore
import EkkoTransport
import Testing

@testable import EkkoReplication
@testable import EkkoStorage

@Suite(.timeLimit(.minutes(5))) struct ShardActorUpkeepTests {
  private static let dead = ParameterVersion(
    timestamp: Timestamp(rawValue: 5), origin: IncarnationID(rawValue: 99))

  /// What upkeep leaves at a reader of a claim to rows of `dead`, of which there are none, while these
  /// lives are listed.
  private static func upkeep(
    with living: [Set<IncarnationID>]
  ) async throws -> [VersionVector?] {
    let loops = try CoreLoops.start(count: 1)
    let runtime = Runtime.live(loops: loops)
    let board = ShardVersionBoard(node: NodeID(name: "n"))
    var shard = Shard(
      id: ShardID(model: ModelID(rawValue: 1), index: 0), schemas: TestCluster.schemas,
      formClass: .serving, incarnation: IncarnationID(rawValue: 1))
    shard.ahead = VersionVector([Self.dead])
    let actor = ShardActor(shard, board: board, runtime: runtime, home: Home(index: 0))
    var left: [VersionVector?] = []
    for living in living {
      await actor.upkeep(stable: nil, living: living)
      left.append(board[actor.id]?.ahead)
    }
    await loops.stop()
    return left
  }

  /// Seed 1760, and a death that is heard of when nothing arrives any more.
  @Test func `a reader forgets an origin of which no row is left once it is dead`() async throws {
    let left = try await Self.upkeep(with: [[Self.dead.origin], []])
    #expect(left == [VersionVector([Self.dead]), VersionVector()])
  }
}
