import EkkoClient
import EkkoCore
import EkkoStorage
import EkkoTransport
import Foundation
import Testing

@testable import EkkoNode

@Suite(.timeLimit(.minutes(5))) struct NodeProgramTests {
  /// Why a training node does not run, on a free port unless `adjust` says otherwise.
  private static func refusal(_ adjust: (inout NodeOptions) -> Void) async -> Failure? {
    var options = NodeOptions(roles: .training)
    options.listen = Endpoint(host: "127.0.0.1", port: 0)
    adjust(&options)
    let program = NodeProgram(options: options)
    return await #expect(throws: Failure.self) { try await program.run() }
  }

  @Test func `a damaged snapshot is refused at start with a sentence, and left as it is`()
    async throws
  {
    let used = try TemporaryDirectory()
    let files = try POSIXFileStore(directory: used.path)
    try await TestNodes.with { nodes in
      let life = try await nodes.start("a", files: files)
      try await life.node.remember()
      let client = await nodes.client(life)
      try await client.createModel(
        "m", shards: 2, tables: [TableSchema(name: "embedding", rowLength: 1)])
      try await client.put(Array(0..<100), (0..<100).map { Float($0) }, to: "embedding", of: "m")
      await life.stop()
    }
    let name = "model-1-shard-1.snapshot"
    // The first life's store still locks its own.
    let directory = try TemporaryDirectory(copying: used)
    try directory.damage(name)
    let before = try directory.contents(of: name)

    let failure = await Self.refusal { $0.dataDirectory = directory.path }

    #expect(
      failure?.line
        == "ekko-node: cannot load \(name) in \(directory.path): the snapshot is damaged: its "
        + "checksum does not match. Restore the file, or move it away to take the shard from peers."
    )
    #expect(failure?.exitCode == .badInput)
    #expect(try directory.contents(of: name) == before)
  }

  private enum Loss: CaseIterable { case missing, ofOtherTables }

  /// It would found another over its running cluster, and give a second model the id of the first.
  @Test(arguments: Loss.allCases)
  private func `a founder whose catalogue does not load is refused at start`(
    loss: Loss
  ) async throws {
    let used = try TemporaryDirectory()
    let files = try POSIXFileStore(directory: used.path)
    try await TestNodes.with { nodes in
      let life = try await nodes.start("a", files: files)
      try await life.node.remember()
      await life.stop()
    }
    let name = "model-0-shard-0.snapshot"
    try await files.delete(name)
    if loss == .ofOtherTables {
      var shard = Shard(
        id: .catalogue, schemas: [TableSchema(name: "other", rowLength: 1)], formClass: .full,
        incarnation: IncarnationID(rawValue: 5))
      let now = Instant(monotonic: .zero, wall: WallTime(microseconds: 1))
      var writer = try #require(SnapshotWriter(of: &shard, at: now))
      try await ShardSnapshot.write(.catalogue, to: files) { writer.nextPiece(of: &shard) }
    }
    // The first life's store still locks its own.
    let directory = try TemporaryDirectory(copying: used)
    let before = try? directory.contents(of: name)

    let failure = await Self.refusal { $0.dataDirectory = directory.path }

    let why =
      switch loss {
      case .missing: "cannot open \(directory.path)/\(name): there is no such file or directory"
      case .ofOtherTables: "table other of the snapshot does not fit the model's"
      }
    #expect(
      failure?.line
        == "ekko-node: cannot use \(directory.path): its node has founded a cluster, whose catalogue "
        + "\(name) does not load: \(why). Restore the file, add --join if others keep the catalogue, "
        + "or name another directory.")
    #expect(failure?.exitCode == .badInput)
    #expect((try? directory.contents(of: name)) == before)
  }

  @Test func `a directory of a node of another role is refused and left as it is`() async throws {
    let directory = try TemporaryDirectory()
    do {
      let files = try POSIXFileStore(directory: directory.path)
      try await NodeRecord(
        name: "dc2-x", cluster: ClusterID(rawValue: 3), form: .serving
      ).write(to: files)
    }
    let before = try directory.contents(of: "node.ekko")

    let failure = await Self.refusal { $0.dataDirectory = directory.path }

    #expect(
      failure?.line
        == "ekko-node: cannot use \(directory.path): it belongs to 'dc2-x', a node of another role. "
        + "Start it with its own --role, or name another directory.")
    #expect(failure?.exitCode == .usage)
    #expect(try directory.contents(of: "node.ekko") == before)
  }

  @Test(arguments: ["0.0.0.0", "::"])
  func `a wildcard address is refused unless another is advertised`(host: String) async throws {
    let directory = try TemporaryDirectory()
    let secret = directory.path + "/secret"
    #expect(
      FileManager.default.createFile(
        atPath: secret, contents: Data("a secret of 32 bytes, or of more".utf8),
        attributes: [.posixPermissions: 0o600]))

    let failure = await Self.refusal {
      $0.listen = Endpoint(host: host, port: 0)
      $0.secretFile = secret
    }

    #expect(
      failure?.line
        == "ekko-node: cannot listen on \(Endpoint(host: host, port: 0)): other nodes cannot reach "
        + "it by that address. Add --advertise HOST, the address they are to use.")
    #expect(failure?.exitCode == .configuration)
  }
}
