import EkkoClient
import EkkoCore
import EkkoReplication
import EkkoStorage
import EkkoTransport
import Testing

@testable import EkkoNode

@Suite(.serialized, .timeLimit(.minutes(5))) struct MembershipTests {
  private static let tables = [TableSchema(name: "embedding", rowLength: 1)]

  /// A cluster in which `name` was one node and, after that had gone, is another, which is listed.
  private static func startTwice(
    _ name: String, _ nodes: TestNodes
  ) async throws -> (first: TestNodes.Life, former: TestNodes.Life) {
    let first = try await nodes.start("a")
    let former = try await nodes.start(name, join: [first])
    #expect(await first.knows(members: 2))
    await former.stop()
    let next = try await nodes.start(name, join: [first])
    #expect(await first.lists(next))
    return (first, former)
  }

  @Test func `a node whose name belongs to one that runs is refused, and takes nothing`()
    async throws
  {
    try await TestNodes.with { nodes in
      let first = try await nodes.start("a")
      let original = try await nodes.start("b", join: [first])
      #expect(await first.knows(members: 2))

      let copy = try await nodes.start("b", join: [first])

      let why = "the name 'b' is that of a node that runs at \(original.node.endpoint)"
      #expect(await copy.firstEvent { $0 == .refused(why) })
      let listed = first.node.node.catalogue.members[NodeID(name: "b")]
      #expect(listed?.incarnation == original.node.node.incarnation)
    }
  }

  @Test func `of two nodes that take a name at the same time one is refused`() async throws {
    try await TestNodes.with { nodes in
      let first = try await nodes.start("a")
      async let one = nodes.start("b", join: [first])
      async let other = nodes.start("b", join: [first])
      let lives = try await [one, other]

      let refused = await withTaskGroup(of: Int?.self) { group in
        for (number, life) in lives.enumerated() {
          group.addTask {
            await life.firstEvent { if case .refused = $0 { true } else { false } } ? number : nil
          }
        }
        defer { group.cancelAll() }
        return await group.next() ?? nil
      }

      #expect(await first.lists(lives[1 - (try #require(refused))]))
    }
  }

  @Test func `a node whose name was given to another that runs asks again and is refused`()
    async throws
  {
    try await TestNodes.with { nodes in
      let first = try await nodes.start("a")
      let original = try await nodes.start("b", join: [first])
      #expect(await first.lists(original))
      let copy = try await nodes.start("b", join: [first])
      #expect(await copy.firstEvent { if case .refused = $0 { true } else { false } })
      #expect(await original.knows(members: 2))

      // As it may happen while the original cannot be reached.
      let listed = first.node.node.catalogue.members[NodeID(name: "b")]
      let record = MemberRecord(copy.node.node.identity, endpoint: copy.node.endpoint)
      #expect(try await first.node.keeper.register(record, inPlaceOf: listed))

      let why = "the name 'b' is that of a node that runs at \(copy.node.endpoint)"
      #expect(await original.firstEvent { $0 == .refused(why) })
      #expect(await first.lists(copy))
    }
  }

  /// Found by simulation: a copy was listed while its original could not be reached, which was listed
  /// again, and as a primary refused every write from then on.
  @Test func `a life that was retired while another had its name is refused`() async throws {
    try await TestNodes.with { nodes in
      let first = try await nodes.start("a")
      let original = try await nodes.start("b", join: [first])
      #expect(await original.knows(members: 2))
      let listed = first.node.node.catalogue.members[NodeID(name: "b")]
      var identity = original.node.node.identity
      identity.incarnation = IncarnationID(rawValue: 77)
      let gone = MemberRecord(identity, endpoint: Endpoint(host: "127.0.0.1", port: 1))
      #expect(try await first.node.keeper.register(gone, inPlaceOf: listed))

      await first.node.keeper.retire(original.node.node.incarnation, seals: [:])

      let why = "the cluster has retired this life of 'b' while it was away"
      #expect(await original.firstEvent { $0 == .refused(why) })
      #expect(first.node.node.catalogue.members[NodeID(name: "b")] == gone)
    }
  }

  @Test func `the catalogue's writer does not make room for a copy of itself`() async throws {
    try await TestNodes.with { nodes in
      let first = try await nodes.start("a")
      let copy = try await nodes.start("a", join: [first])
      let why = "the name 'a' is that of a node that runs at \(first.node.endpoint)"
      #expect(await copy.firstEvent { $0 == .refused(why) })
      let listed = first.node.node.catalogue.members[NodeID(name: "a")]
      #expect(listed?.incarnation == first.node.node.incarnation)
    }
  }

  @Test func `the next life of a node takes the place of one that has gone`() async throws {
    try await TestNodes.with { nodes in
      let (first, _) = try await Self.startTwice("b", nodes)
      #expect(first.node.node.catalogue.members.count == 2)
    }
  }

  @Test func `a model's shards go to the training nodes that answer`() async throws {
    try await TestNodes.with { nodes in
      let first = try await nodes.start("a")
      let gone = try await nodes.start("b", join: [first])
      _ = try await nodes.start("c", join: [first])
      #expect(await first.knows(members: 3))
      await gone.stop()
      let client = await nodes.client(first)

      try await client.createModel("m", shards: 8, tables: Self.tables)
      try await client.put(
        Array(0..<50), [Float](repeating: 1, count: 50), to: "embedding", of: "m")

      let model = try #require(first.node.node.catalogue.model(named: "m"))
      #expect(Set(model.trainingNodes) == [NodeID(name: "a"), NodeID(name: "c")])
    }
  }

  @Test func `a node without files leaves the list, one with files stays`() async throws {
    let directory = try TemporaryDirectory()
    let files = try POSIXFileStore(directory: directory.path)
    try await TestNodes.with { nodes in
      let first = try await nodes.start("a")
      let passing = try await nodes.start("b", join: [first])
      let kept = try await nodes.start("c", join: [first], files: files)
      #expect(await first.knows(members: 3))
      for life in [passing, kept] {
        await life.stop()
        await life.node.leaveCluster()
      }
      let names = first.node.node.catalogue.membersByName.map(\.name)
      #expect(names == ["a", "c"])
    }
  }

  @Test
  func `a member is taken off the list by name only once it is gone, and not if it is needed`()
    async throws
  {
    try await TestNodes.with { nodes in
      let first = try await nodes.start("a")
      let second = try await nodes.start("b", join: [first])
      let primary = try await nodes.start("c", join: [first])
      #expect(await first.knows(members: 3))
      let client = await nodes.client(first)

      let runs = EkkoError.invalid("node 'b' still runs at \(second.node.endpoint)")
      await #expect(throws: runs) { try await client.leave("b", incarnation: nil) }
      await second.stop()
      try await client.createModel("m", shards: 8, tables: Self.tables)
      await primary.stop()
      try await client.leave("b", incarnation: nil)
      let needed = EkkoError.invalid(
        "node 'c' is the primary of shards of model 'm', and nobody takes them over")
      await #expect(throws: needed) {
        try await client.leave("c", incarnation: nil)
      }
      await #expect(throws: EkkoError.invalid("the cluster has no node 'b'")) {
        try await client.leave("b", incarnation: nil)
      }

      #expect(first.node.node.catalogue.membersByName.map(\.name) == ["a", "c"])
    }
  }

  @Test func `a former life cannot take its successor off the list`() async throws {
    try await TestNodes.with { nodes in
      let (first, former) = try await Self.startTwice("b", nodes)

      await former.node.leaveCluster()

      #expect(first.node.node.catalogue.members[NodeID(name: "b")] != nil)
    }
  }

  @Test func `a node that was taken off the list while it could not be seen joins anew`()
    async throws
  {
    try await TestNodes.with { nodes in
      let first = try await nodes.start("a")
      let second = try await nodes.start("b", join: [first])
      for life in [first, second] { #expect(await life.knows(members: 2)) }
      // Its own leave, though it has not stopped.
      await second.node.leaveCluster()
      #expect(await first.lists(second))
    }
  }

  @Test func `a model can be read at all its primaries as soon as it is made`() async throws {
    try await TestNodes.with { nodes in
      let first = try await nodes.start("a")
      let second = try await nodes.start("b", join: [first])
      for life in [first, second] { #expect(await life.knows(members: 2)) }
      let client = await nodes.client(first)
      for number in 0..<20 {
        try await client.createModel("m\(number)", shards: 8, tables: Self.tables)
        let rows = try await client.getFromPrimaries(
          [TableRead(table: "embedding", keys: Array(0..<50))], of: "m\(number)")
        #expect(rows[0].versions.allSatisfy { $0 == nil })
      }
    }
  }
}
