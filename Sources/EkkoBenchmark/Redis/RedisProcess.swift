internal import Foundation

/// A Redis of our own, which keeps nothing on disk.
struct RedisProcess: Sendable {
  let address: RedisAddress

  private static let patience = Duration.seconds(20)
  private static let tick = Duration.milliseconds(20)

  /// Starts one on a free port and waits until it answers; a replica until it is in step.
  ///
  /// - Parameters:
  ///   - bind: its addresses, the first of which it is reached at.
  ///   - prefix: a program that puts it into its place.
  static func start(
    _ children: ChildPrograms, bind: [String] = ["127.0.0.1"], prefix: [String] = [],
    replicaOf primary: RedisAddress? = nil
  ) async throws -> RedisProcess {
    // Free a moment ago; another program may have taken it since, which is told.
    let port = try BlockingSocket.listen().port()
    var words = prefix + ["redis-server", "--port", "\(port)", "--bind"] + bind
    words += [
      "--protected-mode", "no", "--save", "", "--appendonly", "no", "--repl-diskless-sync-delay",
      "0", "--dir", FileManager.default.temporaryDirectory.path,
    ]
    if let primary { words += ["--replicaof", primary.host, "\(primary.port)"] }
    let child = try await children.start(words)
    child.dropOutput()
    let process = RedisProcess(address: RedisAddress(host: bind[0], port: port))
    try await process.waitUntilReady(child, isReplica: primary != nil)
    return process
  }

  private func waitUntilReady(_ child: ChildProgram, isReplica: Bool) async throws {
    let deadline = ContinuousClock.now.advanced(by: Self.patience)
    while ContinuousClock.now < deadline {
      try await Task.sleep(for: Self.tick)
      guard child.isRunning else {
        throw RedisTrouble.noProgram("it is not installed, or port \(self.address.port) is taken")
      }
      // It refuses connections until it listens, and commands until it has loaded.
      let address = self.address
      let state = try? await onThread { _ in
        try RedisServerState(of: try RedisConnection(to: address))
      }
      guard let state else { continue }
      if !isReplica || state["master_link_status"] == "up" { return }
    }
    throw isReplica ? RedisTrouble.replicaNotInStep : .noProgram("it does not answer")
  }
}
