import EkkoClient
import EkkoCore
import EkkoNode
import EkkoReplication
import EkkoStorage
import EkkoTransport

/// Nodes in this process, over memory.
struct TestNodes: Sendable {
  private let runtime: Runtime
  private let transport = MemoryTransport()
  private let running = Running()

  /// One life of a node.
  struct Life: Sendable {
    let node: StoreNode
    fileprivate let events: AsyncStream<NodeEvent>
    fileprivate let task: Task<Void, Never>

    /// Ends the life in order.
    func stop() async {
      self.task.cancel()
      await self.task.value
    }

    /// What the node tells until it has caught up, that included; to be asked once.
    func eventsUntilCaughtUp() async -> [NodeEvent] {
      await self.events { if case .caughtUp = $0 { true } else { false } }
    }

    /// What the node tells until an event that `isLast` accepts, that included; to be asked once.
    func events(until isLast: (NodeEvent) -> Bool) async -> [NodeEvent] {
      var told: [NodeEvent] = []
      for await event in self.events {
        told.append(event)
        if isLast(event) { break }
      }
      return told
    }
  }

  private actor Running {
    private var lives: [Life] = []
    private var clients: [EkkoClient] = []

    func add(_ life: Life) { self.lives.append(life) }

    func add(_ client: EkkoClient) { self.clients.append(client) }

    func stopAll() async {
      for client in self.clients { await client.close() }
      for life in self.lives.reversed() { await life.stop() }
    }
  }

  /// Runs `body` on one of the nodes' own loops.
  static func with<Value: Sendable>(
    _ body: @escaping @Sendable (TestNodes) async throws -> Value
  ) async throws -> Value {
    let loops = try CoreLoops.start(count: 2)
    let nodes = TestNodes(runtime: .live(loops: loops))
    let task = nodes.runtime.spawn(on: Home(index: 0)) { () async -> Result<Value, any Error> in
      let result: Result<Value, any Error>
      do { result = .success(try await body(nodes)) } catch { result = .failure(error) }
      await nodes.running.stopAll()
      return result
    }
    let result = await withTaskCancellationHandler {
      await task.value
    } onCancel: {
      task.cancel()
    }
    await loops.stop()
    return try result.get()
  }

  private init(runtime: Runtime) { self.runtime = runtime }

  /// Starts a training node of one data centre.
  func start(
    _ name: String, join: [Life] = [], files: (any FileStore)? = nil,
    cluster: ClusterID = .unknown
  ) async throws -> Life {
    try await self.start(name, files: files, cluster: cluster) {
      $0.join = join.map(\.node.endpoint)
    }
  }

  /// Starts a node that `adjust` may make another than a training node that founds a cluster.
  func start(
    _ name: String, files: (any FileStore)? = nil, cluster: ClusterID = .unknown,
    adjust: (inout NodeConfiguration) -> Void
  ) async throws -> Life {
    var configuration = NodeConfiguration(
      name: name, roles: .training, dataCentre: "dc1",
      listen: Endpoint(host: "127.0.0.1", port: 0))
    adjust(&configuration)
    configuration.homes = 2
    configuration.files = files
    configuration.cluster = cluster
    let (events, tell) = AsyncStream.makeStream(
      of: NodeEvent.self, bufferingPolicy: .bufferingOldest(256))
    let node = try await StoreNode.start(
      configuration, transport: self.transport, runtime: self.runtime,
      onEvent: { _ = tell.yield($0) })
    let task = self.runtime.spawn(on: Home(index: 0)) {
      await node.run()
      tell.finish()
    }
    let life = Life(node: node, events: events, task: task)
    await self.running.add(life)
    return life
  }

  /// A client that is closed at the end.
  func client(_ lives: Life...) async -> EkkoClient {
    let client = EkkoClient(
      endpoints: lives.map(\.node.endpoint), transport: self.transport, runtime: self.runtime,
      timeout: .seconds(50))
    await self.running.add(client)
    return client
  }
}

extension TestNodes.Life {
  /// Waits until this node lists `count` members.
  func knows(members count: Int) async -> Bool {
    await self.follows { $0.catalogue.members.count >= count }
  }

  /// Waits until this node has applied so many retire records.
  func hasApplied(retirements count: UInt64) async -> Bool {
    await self.follows { $0.retirements >= count }
  }

  /// Waits until this node lists `other` in its present life.
  func lists(_ other: TestNodes.Life) async -> Bool {
    let member = other.node.node
    return await self.follows {
      $0.catalogue.members[member.nodeID]?.incarnation == member.incarnation
    }
  }

  /// Waits for an event that is `wanted`; to be asked once.
  func firstEvent(_ wanted: (NodeEvent) -> Bool) async -> Bool {
    for await event in self.events where wanted(event) { return true }
    return false
  }

  /// Waits until the node has followed the catalogue to where `isThere`.
  private func follows(until isThere: (ReplicaNode) -> Bool) async -> Bool {
    let node = self.node.node
    let deadline = node.clock.now().monotonic.advanced(by: .seconds(50))
    var seen: UInt64 = 0
    while !isThere(node) {
      let now = node.clock.now().monotonic
      guard now < deadline else { return false }
      // What follows from the rows comes a little later than they.
      _ = await node.board.wait(
        for: .catalogue, after: seen, until: now.advanced(by: .milliseconds(50)))
      seen = node.board[.catalogue]?.sequence ?? 0
    }
    return true
  }

  /// The rows of models, not of the catalogue, that this node has sent to its peers.
  func rowsSent() async -> UInt64 {
    var count: UInt64 = 0
    for shard in self.node.node.shards.all where shard.id != .catalogue {
      count += await shard.summary(withDigest: false).counters.rowsSent
    }
    return count
  }

  /// The digest over the rows of every model.
  func digests() async -> [UInt64?] {
    await self.node.status(withDigests: true).models.map(\.digest)
  }
}
