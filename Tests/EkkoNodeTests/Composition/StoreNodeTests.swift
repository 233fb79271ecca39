import EkkoClient
import EkkoCore
import EkkoReplication
import EkkoStorage
import EkkoTransport
import Glibc
import Testing

@testable import EkkoNode

@Suite(.serialized, .timeLimit(.minutes(5))) struct StoreNodeTests {
  /// Rows trained at two primaries, each of which holds them all; the second keeps files.
  private struct Trained {
    static let tables = [
      TableSchema(name: "embedding", rowLength: 4, optimiser: .sgd(learningRate: 0.5))
    ]
    static let keys: [UInt64] = {
      var generator = SplitMix64(seed: 11)
      return (0..<1000).map { _ in generator.next() }
    }()

    let first: TestNodes.Life
    let second: TestNodes.Life
    let client: EkkoClient
    /// The rows that the second is not the primary of.
    let keysOfFirst: [UInt64]

    init(_ nodes: TestNodes, files: any FileStore) async throws {
      self.first = try await nodes.start("a")
      self.second = try await nodes.start("b", join: [self.first], files: files)
      for life in [self.first, self.second] { #expect(await life.knows(members: 2)) }
      self.client = await nodes.client(self.first)
      try await self.client.createModel("m", shards: 8, tables: Self.tables)
      let receipt = try await Self.push(Self.keys, over: self.client)
      let origin = self.first.node.node.incarnation
      self.keysOfFirst = zip(Self.keys, receipt.versions[0]).filter { $1?.origin == origin }
        .map { key, _ in key }
      #expect(self.keysOfFirst.count > 300 && self.keysOfFirst.count < 700)
    }

    /// One step of the optimiser for each of `keys`; both nodes hold it then.
    @discardableResult
    static func push(
      _ keys: [UInt64], over client: EkkoClient, durability: Durability = .replicas(1)
    ) async throws(EkkoError) -> WriteReceipt {
      try await client.push(
        keys, [Float](repeating: 1, count: keys.count * 4), to: "embedding", of: "m",
        durability: durability)
    }

    /// The files' node in its next life.
    func restartSecond(
      _ nodes: TestNodes, files: any FileStore
    ) async throws -> (life: TestNodes.Life, events: [NodeEvent]) {
      let record = try #require(try await NodeRecord.read(from: files))
      let life = try await nodes.start(
        record.name, join: [self.first], files: files, cluster: record.cluster)
      return (life, await life.eventsUntilCaughtUp())
    }
  }

  @Test func `a node that starts again loads its files and pulls only what it has missed`()
    async throws
  {
    let directory = try TemporaryDirectory()
    let files = try POSIXFileStore(directory: directory.path)
    try await TestNodes.with { nodes in
      let trained = try await Trained(nodes, files: files)
      await trained.second.stop()
      let pushed = Array(trained.keysOfFirst[0..<20])
      let deleted = Array(trained.keysOfFirst[20..<30])
      try await Trained.push(pushed, over: trained.client, durability: .primary)
      try await trained.client.delete(deleted, from: "embedding", of: "m")
      let sentBefore = await trained.first.rowsSent()

      let (again, events) = try await trained.restartSecond(nodes, files: files)

      guard case .caughtUp(let loaded, let pulled, let byteCount) = events.last else {
        Issue.record("it did not catch up: \(events)")
        return
      }
      #expect(loaded == 1000)
      // The rows that changed, and its own new entry in the catalogue.
      #expect((30...32).contains(pulled))
      #expect(await trained.first.rowsSent() - sentBefore == 30)
      // All rows would take twice as much.
      #expect(byteCount < 20_000)
      #expect(await again.digests() == trained.first.digests())
      let reader = await nodes.client(again)
      let rows = try await reader.get(Trained.keys, from: "embedding", of: "m")
      for (place, key) in Trained.keys.enumerated() {
        let expected: Float = pushed.contains(key) ? -1 : deleted.contains(key) ? 0 : -0.5
        #expect(rows[place] == [expected, expected, expected, expected])
        #expect(rows.isFound(at: place) == !deleted.contains(key))
      }

      // It is primary of what it was primary of, and goes on from there.
      let own = Trained.keys.filter { !trained.keysOfFirst.contains($0) }
      try await Trained.push(own, over: reader)
      let continued = try await reader.get(own, from: "embedding", of: "m")
      #expect(continued.values == [Float](repeating: -1, count: own.count * 4))
      #expect(Set(continued.versions.map { $0?.origin }) == [again.node.node.incarnation])
      #expect(await again.digests() == trained.first.digests())
    }
  }

  /// To start it empty would have the next save replace what somebody may still restore.
  @Test func `a shard whose file is damaged is left as it is; without it all comes from a peer`()
    async throws
  {
    let directory = try TemporaryDirectory()
    let files = try POSIXFileStore(directory: directory.path)
    try await TestNodes.with { nodes in
      let trained = try await Trained(nodes, files: files)
      let model = try #require(trained.first.node.node.catalogue.models.keys.first)
      let shard = ShardID(model: model, index: 3)
      let rows = try #require(
        await trained.first.node.node.shards[shard]?.summary(withDigest: false).rowCount)
      await trained.second.stop()
      let name = ShardSnapshot.name(of: shard)
      try directory.damage(name)
      await #expect(throws: StartFailure.files(.damagedSnapshot(name, .checksumMismatch))) {
        _ = try await trained.restartSecond(nodes, files: files)
      }
      try await files.delete(name)

      let (again, events) = try await trained.restartSecond(nodes, files: files)

      guard case .caughtUp(let loaded, let pulled, _) = events.last else {
        Issue.record("it did not catch up: \(events)")
        return
      }
      #expect(rows > 0 && loaded == 1000 - rows)
      #expect((UInt64(rows)...UInt64(rows + 2)).contains(pulled))
      #expect(await again.digests() == trained.first.digests())
    }
  }

  /// A disk with room for no snapshot, but for less.
  private struct FullDisk: FileStore {
    let files: POSIXFileStore

    func create(_ name: String) async throws(FileError) -> any FileWriter {
      guard !name.hasSuffix(ShardSnapshot.nameSuffix) else {
        throw FileError(path: name, call: .write, code: ENOSPC)
      }
      return try await self.files.create(name)
    }

    func names() async throws(FileError) -> [String] { try await self.files.names() }

    func open(_ name: String) async throws(FileError) -> any FileReader {
      try await self.files.open(name)
    }

    func delete(_ name: String) async throws(FileError) { try await self.files.delete(name) }

    func deleteUnpublished() async throws(FileError) { try await self.files.deleteUnpublished() }
  }

  /// Its next life would be refused for want of the catalogue.
  @Test func `a founder whose catalogue was never saved does not write down its cluster`()
    async throws
  {
    let directory = try TemporaryDirectory()
    let files = try POSIXFileStore(directory: directory.path)
    try await TestNodes.with { nodes in
      let life = try await nodes.start("a", files: FullDisk(files: files))
      await #expect(throws: SnapshotError.self) { try await life.node.remember() }
      #expect(try await files.names().isEmpty)
    }
  }

  @Test func `status counts no deleted rows, whether or not their tombstones are collected`()
    async throws
  {
    let directory = try TemporaryDirectory()
    let files = try POSIXFileStore(directory: directory.path)
    try await TestNodes.with { nodes in
      let trained = try await Trained(nodes, files: files)
      try await trained.client.delete(
        Array(Trained.keys[0..<100]), from: "embedding", of: "m", durability: .replicas(1))

      for life in [trained.first, trained.second] {
        #expect(await life.node.status(withDigests: true).models.map(\.rows) == [900])
      }
      #expect(await trained.first.digests() == trained.second.digests())
    }
  }

  @Test func `the catalogue lists the address that a node advertises, and its name bears it`()
    async throws
  {
    try await TestNodes.with { nodes in
      let first = try await nodes.start("") {
        $0.listen = Endpoint(host: "0.0.0.0", port: 7400)
        $0.advertise = Endpoint(host: "10.0.0.5", port: 0)
      }
      let second = try await nodes.start("") {
        $0.listen = Endpoint(host: "::", port: 7400)
        $0.advertise = Endpoint(host: "node2.example", port: 71)
        $0.join = [first.node.endpoint]
      }

      #expect(await second.knows(members: 2))
      let members = second.node.node.catalogue.membersByName
      #expect(members.map(\.name) == ["dc1-10.0.0.5:7400", "dc1-node2.example:71"])
      #expect(
        members.map(\.endpoint) == [
          Endpoint(host: "10.0.0.5", port: 7400), Endpoint(host: "node2.example", port: 71),
        ])
    }
  }

  @Test func `a node that is told to join itself says so`() async throws {
    try await TestNodes.with { nodes in
      let own = Endpoint(host: "127.0.0.1", port: 7400)
      let life = try await nodes.start("a") {
        $0.listen = own
        $0.join = [own]
      }

      let event = NodeEvent.peer(.itself(own))

      #expect(await life.firstEvent { $0 == event })
      #expect(
        event.message
          == "127.0.0.1:7400 is this node itself; it pulls nothing from there. Correct --join")
    }
  }
}
