import EkkoClient
import EkkoCore
import EkkoNode
import EkkoReplication
import EkkoStorage
import EkkoTransport

/// A whole cluster in this process, over memory, with clients.
struct TestStore: Sendable {
  static let tables = [
    TableSchema(name: "embedding", rowLength: 4, optimiser: .sgd(learningRate: 0.5)),
    TableSchema(name: "notes", valueType: .bytes, rowLength: 16),
  ]

  private let loops: CoreLoops
  let runtime: Runtime
  let transport: MemoryTransport
  let running: Running
  private let clients = Clients()

  private init(loops: CoreLoops) {
    self.loops = loops
    self.runtime = .live(loops: loops)
    self.transport = MemoryTransport()
    self.running = Running()
  }

  /// The nodes that were started, to be stopped at the end.
  actor Running {
    private var tasks: [String: Task<Void, Never>] = [:]

    func add(_ name: String, _ task: Task<Void, Never>) { self.tasks[name] = task }

    func stop(_ name: String) async {
      let task = self.tasks.removeValue(forKey: name)
      task?.cancel()
      await task?.value
    }

    func stopAll() async {
      for name in self.tasks.keys.sorted() { await self.stop(name) }
    }
  }

  /// The clients that were made, to be closed at the end whatever becomes of the test.
  private final class Clients: Sendable {
    private let all = Guarded<[EkkoClient]>([])

    func add(_ client: EkkoClient) { self.all.withLock { $0.append(client) } }

    func close() async {
      for client in self.all.withLock({ $0 }) { await client.close() }
    }
  }

  /// Runs `body` on one of the store's own loops.
  static func with<Value: Sendable>(
    _ body: @escaping @Sendable (TestStore) async throws -> Value
  ) async throws -> Value {
    let loops = try CoreLoops.start(count: 2)
    let store = TestStore(loops: loops)
    let task = store.runtime.spawn(on: Home(index: 0)) { () async -> Result<Value, any Error> in
      let result: Result<Value, any Error>
      do { result = .success(try await body(store)) } catch { result = .failure(error) }
      await store.clients.close()
      await store.running.stopAll()
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

  func start(
    _ name: String, _ roles: RoleSet, dataCentre: String, join: [StoreNode] = [],
    files: (any FileStore)? = nil, port: UInt16 = 0
  ) async throws -> StoreNode {
    var configuration = NodeConfiguration(
      name: name, roles: roles, dataCentre: dataCentre,
      listen: Endpoint(host: "127.0.0.1", port: port))
    configuration.join = join.map(\.endpoint)
    configuration.homes = 2
    configuration.files = files
    let node = try await StoreNode.start(
      configuration, transport: self.transport, runtime: self.runtime)
    await self.running.add(name, self.runtime.spawn(on: Home(index: 0)) { await node.run() })
    return node
  }

  func stop(_ node: StoreNode) async {
    await self.running.stop(node.node.identity.name)
  }

  /// A client that is closed at the end.
  ///
  /// - Parameters:
  ///   - transport: another way to the nodes than the store's own.
  ///   - clock: the client's own time, if it is not the machine's.
  func client(
    _ nodes: StoreNode..., timeout: Duration = .seconds(20), over transport: (any Transport)? = nil,
    clock: (any RuntimeClock)? = nil
  ) -> EkkoClient {
    self.client(at: nodes.map(\.endpoint), timeout: timeout, over: transport, clock: clock)
  }

  func client(
    at endpoints: [Endpoint], timeout: Duration, over transport: (any Transport)? = nil,
    clock: (any RuntimeClock)? = nil
  ) -> EkkoClient {
    let client = EkkoClient(
      endpoints: endpoints, transport: transport ?? self.transport,
      runtime: clock.map { .live(loops: self.loops, clock: $0) } ?? self.runtime, timeout: timeout)
    self.clients.add(client)
    return client
  }
}

extension StoreNode {
  /// The rows that clients' requests have changed here so far, of all models.
  func rowsWritten() async -> UInt64 {
    var count: UInt64 = 0
    for shard in self.node.shards.all where shard.id != .catalogue {
      count += await shard.summary(withDigest: false).counters.rowsWritten
    }
    return count
  }

  /// Waits until this node lists `count` members.
  func knows(members count: Int) async -> Bool {
    var seen: UInt64 = 0
    let deadline = self.node.clock.now().monotonic.advanced(by: .seconds(20))
    while self.node.catalogue.members.count < count {
      guard self.node.clock.now().monotonic < deadline else { return false }
      let soon = self.node.clock.now().monotonic.advanced(by: .milliseconds(20))
      _ = await self.node.board.wait(for: .catalogue, after: seen, until: soon)
      seen = self.node.board[.catalogue]?.sequence ?? 0
    }
    return true
  }
}
