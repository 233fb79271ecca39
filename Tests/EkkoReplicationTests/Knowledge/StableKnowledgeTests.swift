import EkkoCore
import Testing

@testable import EkkoReplication

@Suite struct StableKnowledgeTests {
  static let shard = ShardID(model: ModelID(rawValue: 1), index: 0)

  static func member(_ node: UInt64, life: UInt64 = 1) -> KnowledgeReport.Member {
    .init(node: NodeID(rawValue: node), incarnation: IncarnationID(rawValue: node * 100 + life))
  }

  static func vector(_ times: [UInt64: UInt64]) -> VersionVector {
    VersionVector(
      times.map {
        ParameterVersion(
          timestamp: Timestamp(rawValue: $0.value), origin: IncarnationID(rawValue: $0.key))
      })
  }

  static func report(_ members: [KnowledgeReport.Member], _ bound: VersionVector)
    -> KnowledgeReport
  {
    KnowledgeReport(groups: [.init(members: members, bounds: [Self.shard: bound])])
  }

  @Test func `the minimum is over all members, and zero while one is unknown`() {
    var knowledge = StableKnowledge()
    knowledge.note(Self.member(1), knows: [(Self.shard, Self.vector([9: 10]))])
    #expect(knowledge.minimum(over: [Self.member(1)], of: Self.shard) == Self.vector([9: 10]))
    #expect(
      knowledge.minimum(over: [Self.member(1), Self.member(2)], of: Self.shard).isEmpty)
    knowledge.note(
      Self.report([Self.member(2), Self.member(3)], Self.vector([9: 7, 8: 3])),
      from: NodeID(rawValue: 2))
    #expect(
      knowledge.minimum(over: [Self.member(1), Self.member(2)], of: Self.shard)
        == Self.vector([9: 7]))
  }

  @Test func `what was said of an earlier life counts for nothing`() {
    var knowledge = StableKnowledge()
    knowledge.note(
      Self.report([Self.member(2), Self.member(3)], Self.vector([9: 7])), from: NodeID(rawValue: 2))
    #expect(
      knowledge.knowledge(of: Self.member(3, life: 2), about: Self.shard).isEmpty)
    knowledge.note(
      Self.report([Self.member(2), Self.member(3, life: 2)], Self.vector([9: 2])),
      from: NodeID(rawValue: 2))
    #expect(knowledge.knowledge(of: Self.member(2), about: Self.shard) == Self.vector([9: 2]))
    knowledge.retain([
      NodeID(rawValue: 2): Self.member(2).incarnation,
      NodeID(rawValue: 3): Self.member(3, life: 3).incarnation,
    ])
    #expect(knowledge.knowledge(of: Self.member(2), about: Self.shard).isEmpty)
  }

  @Test func `who is not listed is forgotten once it has gone, not before`() {
    var knowledge = StableKnowledge()
    let (own, other) = (Self.member(2), Self.member(3))
    knowledge.opened(by: own)
    knowledge.note(own, knows: [(Self.shard, Self.vector([9: 7]))])
    knowledge.note(Self.report([other], Self.vector([9: 5])), from: own.node)
    // The list that names them may be on its way.
    knowledge.retain([:])
    #expect(knowledge.knowledge(of: own, about: Self.shard) == Self.vector([9: 7]))
    #expect(knowledge.knowledge(of: other, about: Self.shard) == Self.vector([9: 5]))

    knowledge.closed(by: own)
    knowledge.retain([other.node: other.incarnation])
    #expect(knowledge.knowledge(of: own, about: Self.shard).isEmpty)
    #expect(knowledge.knowledge(of: other, about: Self.shard) == Self.vector([9: 5]))

    knowledge.retain([:])
    #expect(knowledge.knowledge(of: other, about: Self.shard).isEmpty)
  }

  /// 3 pulls from 1, 4 from 2, and 1 and 2 from each other: what 1 says of both must not wait for what
  /// 2 says of both, which waits for it.
  @Test func `what a reader is told of never mixes those heard with those heard of`() {
    let (left, right) = (Self.member(3), Self.member(4))
    var knowledge = StableKnowledge()
    knowledge.opened(by: left)
    knowledge.note(left, knows: [(Self.shard, Self.vector([9: 10]))])
    knowledge.note(Self.report([right], Self.vector([9: 8])), from: NodeID(rawValue: 2))

    #expect(
      knowledge.parts(of: [left, right], for: NodeID(rawValue: 5)).map(\.members) == [
        [left], [right],
      ])
    // What 2 has said of others it knows.
    #expect(
      knowledge.parts(of: [left, right], for: NodeID(rawValue: 2)).map(\.members) == [[left]])
    // One that pulls from here no more is told of only as others tell of it.
    knowledge.closed(by: left)
    #expect(
      knowledge.parts(of: [left, right], for: NodeID(rawValue: 5)).map(\.members) == [[right]])
  }

  @Test func `members that the same reports name are told of together`() {
    let members = (1...4).map { Self.member(UInt64($0)) }
    var knowledge = StableKnowledge()
    knowledge.note(
      Self.report([members[0], members[1]], Self.vector([9: 8])), from: NodeID(rawValue: 7))
    knowledge.note(Self.report([members[2]], Self.vector([9: 9])), from: NodeID(rawValue: 7))
    knowledge.note(
      Self.report([members[1], members[2]], Self.vector([9: 7])), from: NodeID(rawValue: 8))

    #expect(
      knowledge.parts(of: members, for: NodeID(rawValue: 5)).map(\.members)
        == [[members[0]], [members[1]], [members[2]]])
    #expect(
      knowledge.parts(of: members, for: NodeID(rawValue: 8)).map(\.members)
        == [[members[0], members[1]], [members[2]]])
  }

  @Test func `what one of a group knows beyond the rest is not forgotten`() {
    var knowledge = StableKnowledge()
    let (low, high) = (Self.member(1), Self.member(2))
    let report = KnowledgeReport(groups: [
      .init(
        members: [low, high], bounds: [Self.shard: Self.vector([9: 7])],
        peaks: [Self.shard: Self.vector([9: 10])])
    ])
    knowledge.note(report, from: NodeID(rawValue: 3))

    #expect(knowledge.minimum(over: [low, high], of: Self.shard) == Self.vector([9: 7]))
    #expect(knowledge.peak(of: high, about: Self.shard) == Self.vector([9: 10]))
    knowledge.retain([
      low.node: low.incarnation, high.node: Self.member(2, life: 2).incarnation,
    ])
    #expect(knowledge.peak(of: low, about: Self.shard).isEmpty)
  }

  /// Seed 18446744073709551615: an origin was retired though a member held more of it than the others.
  @Test func `a peak that came before any bound of its group is not forgotten`() {
    var knowledge = StableKnowledge()
    let members = [Self.member(1), Self.member(2)]
    let peaks = [Self.shard: Self.vector([9: 10])]
    for group in [
      KnowledgeReport.Group(members: members, bounds: [:], peaks: peaks),
      KnowledgeReport.Group(members: members, bounds: [Self.shard: Self.vector([9: 7])]),
    ] {
      knowledge.note(KnowledgeReport(groups: [group]), from: NodeID(rawValue: 3))
    }
    #expect(knowledge.peak(of: members[0], about: Self.shard) == Self.vector([9: 10]))
  }

  /// Members learn updates of two origins one by one and report what they know, directly or as
  /// groups through others, late and in any order. No bound ever exceeds the truth.
  /// Found by simulation: who had not heard of a death yet told once more of the dead with the living,
  /// and from then on two nodes told each other for ever that the living knew more than they did.
  @Test func `what is said of a life that is over counts for nobody it was named with`() {
    var knowledge = StableKnowledge()
    let (member, dead, next) = (Self.member(2), Self.member(3), Self.member(3, life: 2))
    func report(_ members: [KnowledgeReport.Member]) -> KnowledgeReport {
      KnowledgeReport(groups: [
        .init(
          members: members, bounds: [Self.shard: Self.vector([9: 7])],
          peaks: [Self.shard: Self.vector([9: 10])])
      ])
    }
    for member in [member, next] { knowledge.opened(by: member) }
    knowledge.retain([member.node: member.incarnation, next.node: next.incarnation])
    knowledge.note(report([member, dead]), from: NodeID(rawValue: 5))
    #expect(knowledge.peak(of: member, about: Self.shard).isEmpty)
    #expect(knowledge.knowledge(of: member, about: Self.shard).isEmpty)
    // The reporter may be ahead as well.
    knowledge.retain([member.node: member.incarnation])
    knowledge.note(report([member, Self.member(4, life: 2)]), from: NodeID(rawValue: 6))
    #expect(knowledge.peak(of: member, about: Self.shard) == Self.vector([9: 10]))
  }

  /// Of those that pull from here it tells what they say; of the others what the reader has not said.
  @Test func `a peak is not told to who has told it`() {
    var knowledge = StableKnowledge()
    let (near, far) = (Self.member(2), Self.member(3))
    knowledge.opened(by: near)
    knowledge.note(near, knows: [(Self.shard, Self.vector([9: 7]))])
    for reporter: UInt64 in [5, 6] {
      let group = KnowledgeReport.Group(
        members: [near, far], bounds: [Self.shard: Self.vector([9: 7])],
        peaks: [Self.shard: Self.vector([9: reporter + 5])])
      knowledge.note(KnowledgeReport(groups: [group]), from: NodeID(rawValue: reporter))
    }
    let parts = knowledge.parts(of: [near, far], for: NodeID(rawValue: 6))
    #expect(parts.map(\.members) == [[near], [far]])
    #expect(
      parts.map { knowledge.peak(over: $0, of: Self.shard) } == [
        Self.vector([9: 7]), Self.vector([9: 10]),
      ])
  }

  @Test(arguments: 0..<50) func `a bound never exceeds the truth`(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    var truth: [UInt64: VersionVector] = [:]
    var knowledge = StableKnowledge()
    var delayed: [(KnowledgeReport, NodeID)] = []
    for _ in 0..<200 {
      let node = UInt64.random(in: 1...4, using: &generator)
      switch UInt8.random(in: 0..<4, using: &generator) {
      case 0:
        truth[node, default: VersionVector()].observe(
          ParameterVersion(
            timestamp: Timestamp(rawValue: .random(in: 1...1000, using: &generator)),
            origin: IncarnationID(rawValue: .random(in: 1...2, using: &generator))))
      case 1:
        knowledge.note(Self.member(node), knows: [(Self.shard, truth[node] ?? VersionVector())])
      case 2:
        let members = (1...4).filter { _ in Bool.random(using: &generator) }.map { UInt64($0) }
        let bounds = members.map { truth[$0] ?? VersionVector() }
        guard let first = bounds.first else { continue }
        delayed.append(
          (
            Self.report(
              members.map { Self.member($0) }, bounds.reduce(first) { $0.intersection($1) }),
            NodeID(rawValue: node)
          ))
      default:
        guard let (report, reporter) = delayed.randomElement(using: &generator) else { continue }
        knowledge.note(report, from: reporter)
      }
      for node in UInt64(1)...4 {
        let known = knowledge.knowledge(of: Self.member(node), about: Self.shard)
        #expect((truth[node] ?? VersionVector()).dominates(known))
      }
    }
  }

  @Test func `a report survives its encoding, and any cut of it is refused`() throws {
    let report = KnowledgeReport(groups: [
      .init(
        members: [Self.member(1), Self.member(2)],
        bounds: [Self.shard: Self.vector([9: 7, 8: 3])]),
      .init(
        members: [Self.member(3)], bounds: [:], peaks: [Self.shard: Self.vector([9: 9])]),
    ])
    let bytes = report.encode()
    #expect(try KnowledgeReport(decoding: bytes.span) == report)
    for length in 0..<bytes.count {
      let cut = Array(bytes[..<length])
      #expect(throws: WireError.self) { try KnowledgeReport(decoding: cut.span) }
    }
  }
}
