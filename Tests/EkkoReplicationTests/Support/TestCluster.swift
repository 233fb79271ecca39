import EkkoCore
import EkkoSimulation
import EkkoStorage
import EkkoTransport

@testable import EkkoReplication

/// Replicas of one model that talk over one transport, without a catalogue: the shards are given.
struct TestCluster: Sendable {
  static let model = ModelID(rawValue: 1)
  static let schemas = [
    TableSchema(name: "weights", rowLength: 4, optimiser: .sgd(learningRate: 0.5)),
    TableSchema(name: "blocks", rowLength: 16384, optimiser: .sgd(learningRate: 0.5)),
  ]
  /// The table of large rows.
  static let blocks = TableID(rawValue: 1)

  let runtime: Runtime
  let transport: any Transport
  let shardCount: UInt32

  /// A replica of the test that is running.
  struct Node: Sendable {
    let replica: Replica
    let endpoint: Endpoint
    let task: Task<Void, Never>

    var node: ReplicaNode { self.replica.node }

    func stop() async {
      self.task.cancel()
      await self.task.value
    }
  }

  /// Runs `body` with a cluster on two core loops, over memory.
  static func with<Value: Sendable>(
    shardCount: UInt32 = 4, _ body: @Sendable (TestCluster) async throws -> Value
  ) async throws -> Value {
    let loops = try CoreLoops.start(count: 2)
    let cluster = TestCluster(
      runtime: .live(loops: loops), transport: MemoryTransport(), shardCount: shardCount)
    let result: Result<Value, any Error>
    do { result = .success(try await body(cluster)) } catch { result = .failure(error) }
    await loops.stop()
    return try result.get()
  }

  /// Runs `body` with a cluster on one simulated host whose channels take `latency` each way.
  static func simulate<Value: Sendable>(
    seed: UInt64, latency: Duration, shardCount: UInt32 = 4,
    _ body: @escaping @Sendable (TestCluster) async throws -> Value
  ) throws -> Value {
    let simulation = Simulation(seed: seed)
    var shape = NetworkShape()
    shape.withinHost = PathShape(latency: latency)
    let process = simulation.makeProcess("all")
    let cluster = TestCluster(
      runtime: process.runtime,
      transport: SimulatedNetwork(simulation, shape: shape)
        .transport(for: process, host: Self.host, dataCentre: "dc1"),
      shardCount: shardCount)
    return try simulation.run(as: process) { () async -> Result<Value, any Error> in
      do { return .success(try await body(cluster)) } catch { return .failure(error) }
    }.get()
  }

  private static let host = "127.0.0.1"

  var shards: [ShardID] {
    (0..<self.shardCount).map { ShardID(model: Self.model, index: $0) }
  }

  /// - Parameter mustReplace: whether it distrusts its rows until it has got all of a peer's.
  func start(
    _ name: String, roles: RoleSet, dataCentre: String, from upstream: [Endpoint] = [],
    port: UInt16 = 0, methods: SynchronisationMethods = SynchronisationMethods(),
    mustReplace: Bool = false
  ) async throws -> Node {
    let identity = LinkIdentity(
      cluster: ClusterID(rawValue: 7), name: name, incarnation: self.runtime.drawIncarnation(),
      roles: roles, dataCentre: dataCentre,
      form: roles.contains(.training) ? .full : .serving)
    let node = ReplicaNode(identity: identity, runtime: self.runtime, methods: methods)
    for (number, shard) in self.shards.enumerated() {
      var shard = Shard(
        id: shard, schemas: Self.schemas, formClass: node.formClass,
        incarnation: node.incarnation)
      if mustReplace { shard.requireReplacement() }
      node.shards.add(
        ShardActor(
          shard, board: node.board, runtime: self.runtime, home: Home(index: number % 2)))
    }
    let replica = Replica(
      node: node, dialler: Dialler(transport: self.transport), homes: 2)
    let listener = try await self.transport.listen(
      on: Endpoint(host: Self.host, port: port), homes: [Home(index: 0), Home(index: 1)])
    for endpoint in upstream { await replica.pull(from: endpoint) }
    let task = self.runtime.spawn(on: Home(index: 0)) {
      await replica.run(listener: listener, requests: NoRequests())
    }
    return Node(replica: replica, endpoint: listener.endpoint, task: task)
  }
}

extension TestCluster {
  /// The life that `openLink` speaks for.
  static let linkLife = IncarnationID(rawValue: 5)

  /// A link over which a test may ask `node` for anything.
  func openLink(to node: Node) async throws -> Link {
    try await Link.open(
      try await self.transport.connect(to: node.endpoint, on: Home(index: 0)),
      as: LinkIdentity(
        cluster: ClusterID(rawValue: 7), name: "test", incarnation: Self.linkLife,
        roles: .inference, dataCentre: "dc1", form: .serving),
      secret: nil, runtime: self.runtime)
  }

  /// An ask for one section, and for no news.
  func ask(
    for section: SectionRequest, of node: Node, by requester: IncarnationID = Self.linkLife,
    credit: UInt32
  ) -> Frame {
    let request = ExchangeRequest(
      nonce: section.nonce, requester: requester, bookmarkOf: node.node.incarnation,
      bookmark: .max, hold: .zero, credit: credit, retirements: 0, formClass: section.formClass,
      wall: self.runtime.clock.now().wall,
      entries: [ExchangeRequest.Entry(request: section, isOwed: true)])
    return Frame(kind: ExchangeFrameKind.ask, payload: request.encode())
  }
}

/// A cluster without clients.
struct NoRequests: RequestService, RequestSession {
  func session(on link: Link) -> any RequestSession { self }
  func receive(_ frame: Frame, in group: inout DiscardingTaskGroup) -> Bool { false }
}

extension TestCluster.Node {
  /// Writes `keys` of each shard, all elements `value`; answers the last version per shard.
  func put(
    _ keys: Range<UInt64>, value: Float, of table: TableID = TableID(rawValue: 0), shards: [ShardID]
  ) async -> [(ShardID, ParameterVersion)] {
    var versions: [(ShardID, ParameterVersion)] = []
    let (ticket, now) = self.node.board.beginWrite(at: self.node.clock.now())
    defer { self.node.board.endWrite(ticket) }
    for shard in shards {
      let write = RowWrites(
        kind: .put, table: table, keys: Array(keys),
        values: .floats(
          Array(
            repeating: value,
            count: keys.count * TestCluster.schemas[Int(table.rawValue)].rowLength)))
      guard let actor = self.node.shards[shard],
        case .outcome(.applied(let stamps), let origin) = await actor.write(
          [write], request: nil, epoch: .first, at: now),
        case let last = stamps.newest, last > .zero
      else { continue }
      versions.append((shard, ParameterVersion(timestamp: last, origin: origin)))
    }
    return versions
  }

  /// Whether this node covers all of `versions` within ten seconds.
  func covers(_ versions: [(ShardID, ParameterVersion)]) async -> Bool {
    let deadline = self.node.clock.now().monotonic.advanced(by: .seconds(50))
    for (shard, version) in versions {
      guard await self.node.board.wait(for: shard, toShow: version, until: deadline) else {
        return false
      }
    }
    return true
  }

  func digests() async -> [UInt64] {
    var digests: [UInt64] = []
    for shard in self.node.shards.all { digests.append(await shard.digest()) }
    return digests
  }
}
