import EkkoCore
import EkkoReplication
import EkkoTransport
import Testing

@Suite struct ReplicaNodeTests {
  private static func identity(_ name: String) -> LinkIdentity {
    LinkIdentity(
      cluster: ClusterID(rawValue: 7), name: name,
      incarnation: IncarnationID(rawValue: NodeID(name: name).rawValue | 1), roles: .training,
      dataCentre: "dc", form: .full)
  }

  private static func catalogue(_ names: [String]) -> Catalogue {
    Catalogue(rows: [
      .members: names.map {
        let member = MemberRecord(
          Self.identity($0), endpoint: Endpoint(host: "127.0.0.1", port: 1))
        return (member.node.rawValue, member.encode())
      }
    ])
  }

  /// Node `t`, which has heard that the clocks of `x`, `y` and `z` are a minute ahead of its own and
  /// of that of `a`.
  private static func withNode(
    listing names: [String], _ body: (ReplicaNode) throws -> Void
  ) async throws {
    let loops = try CoreLoops.start(count: 1)
    let node = ReplicaNode(identity: Self.identity("t"), runtime: .live(loops: loops))
    node.update(Self.catalogue(names))
    for name in ["x", "y", "z"] {
      node.noteClock(of: NodeID(name: name), offset: .seconds(60))
    }
    node.noteClock(of: NodeID(name: "a"), offset: .zero)
    let result = Result { try body(node) }
    await loops.stop()
    try result.get()
  }

  @Test func `the clocks of members that have gone count no more`() async throws {
    try await Self.withNode(listing: ["t", "a", "x", "y", "z"]) { node in
      #expect(node.clockVerdict == .unfit(offset: .seconds(60)))
      node.update(Self.catalogue(["t", "a"]))
      #expect(node.clockVerdict == .fit)
      node.update(Self.catalogue(["t", "a", "x", "y", "z"]))
      #expect(node.clockVerdict == .fit)
    }
  }

  @Test func `a member compares its clock with those of members alone`() async throws {
    try await Self.withNode(listing: ["t", "a"]) { node in
      #expect(node.clockVerdict == .fit)
    }
  }

  @Test(arguments: [[], ["a"]])
  func `a node that is no member yet compares its clock with all it meets`(
    listed: [String]
  ) async throws {
    try await Self.withNode(listing: listed) { node in
      node.update(Self.catalogue(listed))
      #expect(node.clockVerdict == .unfit(offset: .seconds(60)))
    }
  }
}
