internal import EkkoClient
internal import EkkoCore
internal import EkkoReplication
internal import EkkoTransport

/// A primary and replicas that pull from it, with clients of each, all of one model.
struct ReplicateCluster: Sendable {
  /// A client of the primary, for the load.
  let writer: EkkoClient
  /// Another one, for what is measured beside the load.
  let observer: EkkoClient
  /// One of each replica.
  let readers: [EkkoClient]
  /// Where the client of the load runs.
  let runtime: Runtime
  /// Where the other clients run, so that what they measure does not wait for the load to be sent.
  let observingRuntime: Runtime
  /// The primary's process, if it has one of its own.
  let primary: ProcessID?
  fileprivate let nodes: [Endpoint]
  fileprivate let end: @Sendable () async -> Void

  static let model = "bench"
  /// What the load writes.
  static let rows = "rows"
  /// One row, written now and then to see when it arrives.
  static let marker = "marker"

  private static let patience = Duration.seconds(60)
  private static let tick = Duration.milliseconds(20)

  /// Connects to nodes that run, the primary first, and creates the model.
  ///
  /// - Parameters:
  ///   - transport: over the loops of some clients.
  ///   - loops: two, for the clients.
  ///   - end: stops the nodes.
  static func connect(
    to nodes: [Endpoint], primary: ProcessID?, shape: ReplicateShape,
    transport: (CoreLoops) -> any Transport, secret: SharedSecret? = nil, loops: CoreLoops,
    end: @escaping @Sendable () async -> Void
  ) async throws -> ReplicateCluster {
    func clients(_ nodes: [Endpoint], on loop: Int) -> (Runtime, [EkkoClient]) {
      let own = loops.subset(loop..<(loop + 1))
      let (runtime, transport) = (Runtime.live(loops: own), transport(own))
      let clients = nodes.map {
        EkkoClient(
          endpoints: [$0], transport: transport, secret: secret, runtime: runtime,
          timeout: .seconds(30))
      }
      return (runtime, clients)
    }
    let (runtime, writers) = clients([nodes[0]], on: 0)
    let (observingRuntime, observers) = clients(nodes, on: 1)
    let cluster = ReplicateCluster(
      writer: writers[0], observer: observers[0], readers: Array(observers.dropFirst()),
      runtime: runtime, observingRuntime: observingRuntime, primary: primary, nodes: nodes,
      end: end)
    do {
      try await cluster.createModel(shape)
      return cluster
    } catch {
      await cluster.stop()
      throw error
    }
  }

  func stop() async {
    for client in [self.writer, self.observer] + self.readers { await client.close() }
    await self.end()
  }

  private func createModel(_ shape: ReplicateShape) async throws {
    for client in [self.writer, self.observer] + self.readers { try await client.reachCluster() }
    try await self.writer.createModel(
      Self.model, shards: shape.shardCount,
      tables: [
        TableSchema(name: Self.rows, rowLength: shape.rowLength),
        TableSchema(name: Self.marker, rowLength: 1),
      ])
    try await self.observer.refresh()
    try await self.writer.put([0], [0], to: Self.marker, of: Self.model)
    let deadline = ContinuousClock.now.advanced(by: Self.patience)
    for (reader, node) in zip(self.readers, self.nodes.dropFirst()) {
      // A replica has heard of the model a little later.
      while try await !Self.hasMarker(reader) {
        guard ContinuousClock.now < deadline else {
          throw ReplicateTrouble.replicaBehind("\(node)")
        }
        try await Task.sleep(for: Self.tick)
      }
    }
  }

  private static func hasMarker(_ reader: EkkoClient) async throws -> Bool {
    do throws(EkkoError) {
      return try await reader.get([0], from: Self.marker, of: Self.model).isFound(at: 0)
    } catch .unknownModel {
      return false
    }
  }

  // MARK: What the replicas have

  /// Waits until every replica holds so many rows of the model, and is hardly behind.
  func replicasCatchUp(rowCount: Int) async throws {
    let deadline = ContinuousClock.now.advanced(by: Self.patience)
    for (reader, node) in zip(self.readers, self.nodes.dropFirst()) {
      while try await !self.isCaughtUp(reader, at: node, rowCount: rowCount) {
        guard ContinuousClock.now < deadline else {
          throw ReplicateTrouble.replicaBehind("\(node)")
        }
        try await Task.sleep(for: Self.tick)
      }
    }
  }

  private func isCaughtUp(
    _ reader: EkkoClient, at node: Endpoint, rowCount: Int
  ) async throws -> Bool {
    let status = await reader.attempt(
      .status(withDigests: false), at: node, until: reader.deadline())
    guard case .reply(.status(let status)) = status,
      let model = status.models.first(where: { $0.name == Self.model }),
      model.rows >= UInt64(rowCount)
    else { return false }
    let lag = await reader.attempt(.lag, at: node, until: reader.deadline())
    guard case .reply(.lag(let lag)) = lag,
      let now = lag.models.first(where: { $0.name == Self.model })?.now
    else { return false }
    return now < 50
  }
}

/// What the model is made of.
struct ReplicateShape: Hashable, Sendable {
  var shardCount = 128
  var rowLength = 64
  var keyCount: Int

  /// The bytes of a row that somebody wants to have written: its key and its weights. Versions,
  /// frames and what else is on the wire are the store's own.
  var payloadByteCount: Int { 8 + self.rowLength * MemoryLayout<Float>.stride }
}

/// Why something could not be measured; each reads as one sentence.
package enum ReplicateTrouble: Error, Hashable, Sendable, CustomStringConvertible {
  case noProgram(String)
  case notReady(String)
  case replicaBehind(String)
  case processGone
  case writeFailed(String)
  case nothingSeen(String)

  package var description: String {
    switch self {
    case .noProgram(let path): "there is no program to run nodes at \(path)"
    case .notReady(let name): "the node \(name) did not become ready"
    case .replicaBehind(let node): "the replica at \(node) did not come into step in time"
    case .processGone: "the server's process ended while it was measured"
    case .writeFailed(let why): "no write was answered: \(why)"
    case .nothingSeen(let what): "\(what) was never seen at the replicas"
    }
  }
}
