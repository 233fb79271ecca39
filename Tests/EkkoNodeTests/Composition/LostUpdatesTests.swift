import EkkoClient
import EkkoCore
import EkkoReplication
import EkkoStorage
import EkkoTransport
import Foundation
import Testing

@testable import EkkoNode

/// The only training node comes back with less than it had (DESIGN §4): inference nodes hold the rest.
@Suite(.serialized, .timeLimit(.minutes(5))) struct LostUpdatesTests {
  private static let rowLength = 256
  private static let tables = [
    TableSchema(
      name: "embedding", rowLength: rowLength,
      optimiser: .adagrad(learningRate: 0.1, initialAccumulator: 0.1, epsilon: 1e-8))
  ]

  private static func push(_ keys: some Collection<UInt64>, over client: EkkoClient) async throws {
    try await client.push(
      Array(keys), [Float](repeating: 1, count: keys.count * Self.rowLength), to: "embedding",
      of: "m", durability: .dataCentres(1))
  }

  /// The first life of the cluster: a training node with files, and one of inference that has all.
  private static func found(
    _ nodes: TestNodes, shards: Int, keys: Range<UInt64>, files: any FileStore,
    servingFiles: (any FileStore)? = nil
  ) async throws -> (training: TestNodes.Life, serving: TestNodes.Life) {
    let training = try await nodes.start("t", files: files)
    let serving = try await Self.serve(nodes, from: training, files: servingFiles)
    #expect(await training.knows(members: 2))
    let client = await nodes.client(training)
    try await client.createModel("m", shards: shards, tables: Self.tables)
    try await Self.push(keys, over: client)
    return (training, serving)
  }

  /// A node of inference that saves its shards at the end of its life.
  private static func serve(
    _ nodes: TestNodes, from training: TestNodes.Life, files: (any FileStore)?
  ) async throws -> TestNodes.Life {
    try await nodes.start("s", files: files, cluster: training.node.node.identity.cluster) {
      $0.roles = .inference
      $0.dataCentre = "dc2"
      $0.join = [training.node.endpoint]
      $0.snapshotInterval = .seconds(3600)
    }
  }

  /// The next life of `earlier`, at the same address.
  private static func restart(
    _ earlier: TestNodes.Life, _ nodes: TestNodes, files: any FileStore
  ) async throws -> TestNodes.Life {
    try await nodes.start("t", files: files, cluster: earlier.node.node.identity.cluster) {
      $0.listen = earlier.node.endpoint
    }
  }

  /// The life after `first`, which trains `keys` on. What it saves to `files`, a copy of those of
  /// `first`, is lost with it: a later life finds what `first` left.
  private static func goOn(
    _ first: TestNodes.Life, _ nodes: TestNodes, files: any FileStore, keys: Range<UInt64>
  ) async throws -> (second: TestNodes.Life, client: EkkoClient) {
    let second = try await Self.restart(first, nodes, files: files)
    #expect(await second.knows(members: 2))
    let client = await nodes.client(second)
    try await Self.push(keys, over: client)
    return (second, client)
  }

  /// Waits until `serving` has all that was issued anew at `training`, and compares the two.
  private static func expectEqual(
    _ serving: TestNodes.Life, to training: TestNodes.Life, recovered: UInt64
  ) async throws {
    var counted: UInt64 = 0
    for shard in training.node.node.shards.all where shard.id != .catalogue {
      let summary = await shard.summary(withDigest: false)
      counted += summary.counters.rowsRecovered
      let origin = training.node.node.incarnation
      let version = ParameterVersion(timestamp: summary.knowledge[origin], origin: origin)
      let deadline = serving.node.node.clock.now().monotonic.advanced(by: .seconds(20))
      #expect(
        await serving.node.node.board.wait(for: shard.id, toShow: version, until: deadline))
    }
    #expect(counted == recovered)
    #expect(await serving.digests() == training.digests())
  }

  @Test func `the last updates before a crash come back from an inference node`() async throws {
    let keys: Range<UInt64> = 0..<200
    let directory = try TemporaryDirectory()
    let files = try POSIXFileStore(directory: directory.path)
    try await TestNodes.with { nodes in
      let (first, serving) = try await Self.found(nodes, shards: 4, keys: keys, files: files)
      await first.stop()
      let lost = try TemporaryDirectory(copying: directory)
      let (second, client) = try await Self.goOn(
        first, nodes, files: try POSIXFileStore(directory: lost.path), keys: keys[0..<20])
      try await Self.push(5000..<5010, over: client)
      try await client.delete(
        Array(keys[20..<25]), from: "embedding", of: "m", durability: .dataCentres(1))
      let known = try await client.get(Array(keys), from: "embedding", of: "m")
      await second.stop()

      let third = try await Self.restart(first, nodes, files: files)
      // A row of the catalogue may be recovered before.
      _ = await third.events { $0 == .recovered(.init(rows: 35, name: "s")) }

      try await Self.expectEqual(serving, to: third, recovered: 35)
      let reader = await nodes.client(third)
      let rows = try await reader.get(Array(keys), from: "embedding", of: "m")
      #expect(rows.values == known.values)
      #expect(!rows.isFound(at: 20) && rows.isFound(at: 25))
      #expect(rows.versions[0]?.origin == third.node.node.incarnation)
      #expect(rows.versions[100]?.origin == first.node.node.incarnation)

      // Training goes on, and reaches the inference node as before.
      try await Self.push(keys, over: reader)
      #expect(await serving.digests() == third.digests())
    }
  }

  @Test func `so do updates of a life that was retired meanwhile`() async throws {
    let keys: Range<UInt64> = 0..<200
    let directory = try TemporaryDirectory()
    let files = try POSIXFileStore(directory: directory.path)
    try await TestNodes.with { nodes in
      let (first, serving) = try await Self.found(nodes, shards: 4, keys: keys, files: files)
      await first.stop()
      let lost = try TemporaryDirectory(copying: directory)
      let lostFiles = try POSIXFileStore(directory: lost.path)
      let (second, _) = try await Self.goOn(first, nodes, files: lostFiles, keys: keys[0..<20])
      await second.stop()
      let third = try await Self.restart(first, nodes, files: lostFiles)
      let dead = second.node.node.incarnation
      let seals = third.node.node.shards.all.map {
        ($0.id, third.node.node.board[$0.id]?.knowledge[dead] ?? .zero)
      }
      await third.node.keeper.retire(dead, seals: Dictionary(uniqueKeysWithValues: seals))
      #expect(await serving.hasApplied(retirements: 1))
      #expect(serving.node.node.board.shardsNeedingReplacement.isEmpty)
      await third.stop()

      // What was retired is nowhere in full, and nowhere in anybody's knowledge.
      let fourth = try await Self.restart(first, nodes, files: files)
      _ = await fourth.events {
        if case .recovered(let event) = $0 { event.rows == 20 } else { false }
      }

      #expect(fourth.node.node.board.shardsNeedingReplacement.isEmpty)
      #expect(fourth.node.node.retirements == 1)
      try await Self.expectEqual(serving, to: fourth, recovered: 20)
    }
  }

  @Test func `a training node that has lost whole shards takes them back from a scan`() async throws
  {
    // More than one answer holds.
    let keys: Range<UInt64> = 0..<1200
    let directory = try TemporaryDirectory()
    let servingDirectory = try TemporaryDirectory()
    let files = try POSIXFileStore(directory: directory.path)
    let servingFiles = try POSIXFileStore(directory: servingDirectory.path)
    try await TestNodes.with { nodes in
      let (first, serving) = try await Self.found(
        nodes, shards: 1, keys: keys, files: files, servingFiles: servingFiles)
      let model = try #require(first.node.node.catalogue.models.keys.first)
      await first.stop()
      // What it has loaded is in no update cache.
      await serving.stop()
      try await files.delete(ShardSnapshot.name(of: ShardID(model: model, index: 0)))

      let second = try await Self.restart(first, nodes, files: files)
      let again = try await Self.serve(nodes, from: second, files: servingFiles)
      _ = await second.events { $0 == .recovered(.init(rows: 1200, name: "s")) }

      // What did not fit one answer was not sent twice.
      #expect(await again.rowsSent() == 1200)
      try await Self.expectEqual(again, to: second, recovered: 1200)
    }
  }
}
