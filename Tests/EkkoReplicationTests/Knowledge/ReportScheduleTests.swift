import EkkoCore
import EkkoSimulation
import EkkoTransport
import Testing

@testable import EkkoReplication
@testable import EkkoStorage

@Suite struct ReportScheduleTests {
  private static let reader = NodeID(name: "reader")
  private static let nodes = (1...4).map { (name: "n\($0)", life: UInt64($0)) }
  private static let shards =
    [ShardID.catalogue] + (0..<3).map { ShardID(model: ModelID(rawValue: 1), index: $0) }

  private static func member(_ place: Int) -> KnowledgeReport.Member {
    KnowledgeReport.Member(
      node: NodeID(name: Self.nodes[place].name),
      incarnation: IncarnationID(rawValue: Self.nodes[place].life))
  }

  private static func identity(_ place: Int) -> LinkIdentity {
    LinkIdentity(
      cluster: ClusterID(rawValue: 7), name: Self.nodes[place].name,
      incarnation: IncarnationID(rawValue: Self.nodes[place].life), roles: .training,
      dataCentre: place < 2 ? "a" : "b", form: .full)
  }

  /// Of members in their lives and of others, some of them past.
  private static func vector(using generator: inout SplitMix64) -> VersionVector {
    VersionVector(
      [2, 3, 99].map {
        ParameterVersion(
          timestamp: Timestamp(rawValue: .random(in: 1...50, using: &generator)),
          origin: IncarnationID(rawValue: $0))
      })
  }

  /// What a reader has who took every report so far, as it was last said.
  private struct Reader {
    var told: [[KnowledgeReport.Member]: KnowledgeReport.Group] = [:]

    mutating func take(_ frames: [Frame]) throws {
      for frame in frames {
        for group in try KnowledgeReport(decoding: frame.payload.span).groups {
          var known =
            self.told[group.members] ?? KnowledgeReport.Group(members: group.members, bounds: [:])
          known.bounds.merge(group.bounds) { $1 }
          known.peaks.merge(group.peaks) { $1 }
          self.told[group.members] = known
        }
      }
    }
  }

  @Test(arguments: 0..<60)
  func `reports of what has changed tell as much as reports of everything`(seed: UInt64) throws {
    let simulation = Simulation(seed: seed)
    let clock = simulation.makeProcess("t").clock
    let node = ReplicaNode(
      identity: Self.identity(0), runtime: simulation.makeProcess("n").runtime)
    var generator = SplitMix64(seed: seed)
    var shards = Self.shards.map {
      Shard(
        id: $0, schemas: TestCluster.schemas, formClass: .full, incarnation: node.incarnation)
    }
    var schedule = ReportSchedule()
    var reader = Reader()
    var now = clock.now().monotonic
    for _ in 0..<80 {
      for _ in 0..<Int.random(in: 0...3, using: &generator) {
        Self.change(node, &shards, at: clock.now(), using: &generator)
      }
      now = now.advanced(by: .milliseconds(300))
      try reader.take(schedule.next(at: now, node: node, to: Self.reader) ?? [])

      for group in node.allKnowledge(for: Self.reader) {
        let told = reader.told[group.members]
        for (shard, bound) in group.bounds where !bound.isEmpty {
          #expect(told?.bounds[shard] == bound)
        }
        for (shard, peak) in group.peaks { #expect(told?.peaks[shard] == peak) }
      }
    }
  }

  /// One of the things that change what there is to tell.
  private static func change(
    _ node: ReplicaNode, _ shards: inout [Shard], at now: Instant,
    using generator: inout SplitMix64
  ) {
    let place = Int.random(in: shards.indices, using: &generator)
    let other = Int.random(in: 1...3, using: &generator)
    let vector = Self.vector(using: &generator)
    switch UInt8.random(in: 0..<8, using: &generator) {
    case 0:
      let write = RowWrites(
        kind: .put, table: TableID(rawValue: 0), keys: [.random(in: 1...9, using: &generator)],
        values: .floats([1, 2, 3, 4]))
      _ = shards[place].write([write], request: nil, at: now)
      _ = node.board.publish(shards[place])
    case 1:
      // It awaits its clock, or does so no more.
      shards[place].loadedBeyond =
        shards[place].loadedBeyond == nil ? Timestamp(rawValue: 1) : nil
      _ = node.board.publish(shards[place])
    case 2: node.knowledge.note(Self.member(other), knows: [(Self.shards[place], vector)])
    case 3, 4:
      let count = Int.random(in: 1...2, using: &generator)
      let members = (0..<count).map { Self.member(1 + (other + $0) % 3) }.sorted()
      let group = KnowledgeReport.Group(
        members: members,
        bounds: Bool.random(using: &generator) ? [Self.shards[place]: vector] : [:],
        peaks: Bool.random(using: &generator) ? [Self.shards[place]: vector] : [:])
      node.knowledge.note(
        KnowledgeReport(groups: [group]), from: Self.member(1 + (other + 1) % 3).node)
    case 5: node.knowledge.opened(by: Self.member(other))
    case 6: node.knowledge.closed(by: Self.member(other))
    default:
      let present = (0..<4).filter { $0 == 0 || Bool.random(using: &generator) }
      let members = present.map {
        MemberRecord(Self.identity($0), endpoint: Endpoint(host: "127.0.0.1", port: 1))
      }
      node.update(
        Catalogue(rows: [.members: members.map { ($0.node.rawValue, $0.encode()) }]),
        knowledge: node.board[.catalogue]?.knowledge ?? VersionVector())
    }
  }
}
