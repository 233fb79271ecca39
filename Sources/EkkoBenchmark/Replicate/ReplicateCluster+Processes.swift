internal import EkkoCore
internal import EkkoTransport
internal import Foundation

/// Where the processes of nodes run.
struct NodePlaces: Sendable {
  /// A program that puts another into its place, and its arguments; none for this place.
  typealias Prefix = [String]

  var primaryHost = "127.0.0.1"
  var replicaHost = "127.0.0.1"
  var replicaPrefix: Prefix = []
  /// Needed where `127.0.0.1` is not enough.
  var usesSecret = false
}

/// Nodes as processes of their own, over sockets.
extension ReplicateCluster {
  static func processes(
    replicas: Int, shape: ReplicateShape, places: NodePlaces = NodePlaces()
  ) async throws -> ReplicateCluster {
    let children = ChildPrograms()
    let files = try NodeFiles(usesSecret: places.usesSecret)
    let loops = try CoreLoops.start(count: 2)
    let end: @Sendable () async -> Void = {
      await children.stopAll()
      await loops.stop()
      files.remove()
    }
    do {
      let primary = try await Self.node(
        "primary", files, children, host: places.primaryHost, join: nil)
      var nodes = [primary.endpoint]
      for number in 0..<replicas {
        let replica = try await Self.node(
          "replica-\(number)", files, children, host: places.replicaHost,
          join: primary.endpoint, prefix: places.replicaPrefix)
        nodes.append(replica.endpoint)
      }
      return try await Self.connect(
        to: nodes, primary: primary.process, shape: shape,
        transport: { SocketTransport(loops: $0) }, secret: try files.secret(), loops: loops,
        end: end)
    } catch {
      await end()
      throw error
    }
  }

  private static func node(
    _ name: String, _ files: NodeFiles, _ children: ChildPrograms, host: String, join: Endpoint?,
    prefix: NodePlaces.Prefix = []
  ) async throws -> (endpoint: Endpoint, process: ProcessID) {
    let program = try NodeFiles.nodeProgram()
    var words =
      prefix + [
        program, "--role", join == nil ? "training" : "inference", "--data-center",
        join == nil ? "dc1" : "dc2-\(name)", "--listen", "\(host):0", "--config",
        files.configuration,
      ]
    if let join { words += ["--join", "\(join)"] }
    if let path = files.secretPath { words += ["--secret-file", path] }
    let child = try await children.start(words)
    let line = try await child.firstLine()
    guard let word = line.split(separator: " ").first(where: { $0.hasPrefix("listen=") }),
      let endpoint = try? Endpoint(parsing: String(word.dropFirst("listen=".count)))
    else { throw ReplicateTrouble.notReady(name) }
    return (endpoint, child.id)
  }
}

/// The files that processes of nodes are given, in a directory of their own.
private struct NodeFiles: Sendable {
  private let directory: URL
  let configuration: String
  let secretPath: String?

  init(usesSecret: Bool) throws {
    self.directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("ekko-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: self.directory, withIntermediateDirectories: true)
    let configuration = self.directory.appendingPathComponent("node.json5")
    try Data("{default_model: false, ends_with_input: true}".utf8).write(to: configuration)
    self.configuration = configuration.path
    guard usesSecret else {
      self.secretPath = nil
      return
    }
    let path = self.directory.appendingPathComponent("secret").path
    guard
      FileManager.default.createFile(
        atPath: path, contents: Data(UUID().uuidString.utf8),
        attributes: [.posixPermissions: 0o600])
    else { throw CocoaError(.fileWriteUnknown) }
    self.secretPath = path
  }

  func secret() throws -> SharedSecret? {
    try self.secretPath.map { try SharedSecret.load(path: $0) }
  }

  func remove() {
    // What is left in the directory for temporary files does no harm.
    try? FileManager.default.removeItem(at: self.directory)
  }

  /// The program beside this one.
  static func nodeProgram() throws -> String {
    let path = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().appendingPathComponent("ekko-node").path
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw ReplicateTrouble.noProgram(path)
    }
    return path
  }
}
