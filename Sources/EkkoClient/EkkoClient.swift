package import EkkoCore
package import EkkoReplication
public import EkkoStorage
package import EkkoTransport

/// The store as a program uses it (Ekko §3.1): writes go to the primary of each shard, reads to the
/// nearest replica.
///
/// ```swift
/// let store = try await EkkoClient.connect(to: ["127.0.0.1:7400"])
/// try await store.createModel("ranking", tables: [
///   TableSchema(name: "embedding", rowLength: 8, optimiser: .adagrad())
/// ])
/// try await store.push([1, 2], gradients, to: "embedding", of: "ranking")
/// let rows = try await store.get([1, 2], from: "embedding", of: "ranking")
/// ```
///
/// Calls may overlap. A write that fails on its way is sent again under the same number, and a
/// primary applies each number once; across a fail-over `push` is at least once (DESIGN §11).
public actor EkkoClient {
  let runtime: Runtime
  nonisolated let pool: LinkPool
  let endpoints: [Endpoint]
  let timeout: Duration
  nonisolated private let ownLoops: CoreLoops?
  private let id: ClientID
  private var sequence: UInt64 = 0
  /// The writes under way, and those that wait for them, by primary.
  var windows: [NodeID: WriteWindow] = [:]
  var turns: [NodeID: [WriteTurn]] = [:]
  var generator: SplitMix64
  /// How often anything was asked again: it was refused, or not answered in time.
  package internal(set) var repeatedAttempts: UInt64 = 0
  private var known = CatalogueReply(Catalogue())
  /// The endpoint that answered last; reads go there while it does.
  var nearest = 0
  private let executor: ActorExecutor

  nonisolated public var unownedExecutor: UnownedSerialExecutor { unsafe self.executor.unowned }

  /// Connects over sockets.
  ///
  /// - Parameters:
  ///   - endpoints: `HOST:PORT` of nodes, nearest first: reads go to the first that answers.
  ///   - secretFile: a file (mode 0600) with the cluster's secret, if it has one.
  ///   - timeout: how long any call may take, retries included.
  /// - Throws: `EkkoError.unreachable` if none answers in time; `.notJoined` if one does, but is part
  ///   of no cluster by then.
  public static func connect(
    to endpoints: [String], secretFile: String? = nil, timeout: Duration = .seconds(5)
  ) async throws(EkkoError) -> EkkoClient {
    var parsed: [Endpoint] = []
    for text in endpoints {
      do throws(Endpoint.ParseError) { parsed.append(try Endpoint(parsing: text)) } catch {
        throw .configuration("'\(text)' is not an address of the form HOST:PORT")
      }
    }
    var secret: SharedSecret?
    if let secretFile {
      do throws(SharedSecret.LoadError) { secret = try SharedSecret.load(path: secretFile) } catch {
        throw .configuration("the secret file '\(secretFile)' cannot be used: \(error)")
      }
    }
    let loops: CoreLoops
    do throws(SystemError) { loops = try CoreLoops.start(count: 1) } catch {
      throw .configuration("no event loop: \(error)")
    }
    let client = EkkoClient(
      endpoints: parsed, transport: SocketTransport(loops: loops), secret: secret,
      runtime: .live(loops: loops), timeout: timeout, ownLoops: loops)
    do throws(EkkoError) {
      try await client.reachCluster()
    } catch {
      await client.close()
      throw error
    }
    return client
  }

  /// A client over any transport; `refresh` tells whether it can reach anyone.
  package init(
    endpoints: [Endpoint], transport: any Transport, secret: SharedSecret? = nil,
    runtime: Runtime, timeout: Duration = .seconds(5), ownLoops: CoreLoops? = nil
  ) {
    self.endpoints = endpoints
    self.runtime = runtime
    self.timeout = timeout
    self.ownLoops = ownLoops
    self.executor = runtime.executor(for: Home(index: 0))
    self.generator = runtime.makeGenerator()
    self.id = ClientID(rawValue: self.generator.next())
    self.pool = LinkPool(
      transport: transport, secret: secret, name: "client-\(self.id.rawValue)", runtime: runtime)
  }

  /// Ends every link. Calls under way fail.
  ///
  /// Not isolated to this actor, which lives on the loops that are stopped here.
  nonisolated public func close() async {
    await self.pool.close()
    await self.ownLoops?.stop()
  }

  // MARK: Models

  /// Creates a model whose shards have the cluster's training nodes as primaries, in turn. Does
  /// nothing if the very same model exists. Returns once the nearest node knows it.
  ///
  /// - Parameter shards: 1…65,536, fixed for the model's life; 64–256 per core are a good number.
  /// - Throws: `EkkoError.invalid` if a model of that name exists and differs, or a table cannot be.
  public func createModel(
    _ name: String, application: String = "", shards: Int = 16, tables: [TableSchema]
  ) async throws(EkkoError) {
    let draft = ModelDraft(
      name: name, application: application, shardCount: UInt32(clamping: shards), tables: tables)
    let deadline = self.deadline()
    _ = try await self.askWriter(.createModel(draft))
    try await self.refresh(until: deadline, untilKnown: name) { _ in true }
  }

  /// Adds tables to a model; of a table that exists only the optimiser's parameters may differ, and the
  /// time-to-live become shorter (DESIGN §4). Returns once the nearest node knows of it.
  public func alterModel(_ name: String, tables: [TableSchema]) async throws(EkkoError) {
    let deadline = self.deadline()
    let reply = try await self.askWriter(.alterModel(name: name, tables: tables))
    guard case .model(let altered) = reply else { throw .malformedReply }
    try await self.refresh(until: deadline, untilKnown: name) { known in
      known.tables.count >= altered.tables.count
        && zip(known.tables, altered.tables).allSatisfy { $0.revision >= $1.revision }
    }
  }

  /// Reads the catalogue until it tells of a model as `condition` wants it: the node that is read from
  /// may be another than the one that wrote the catalogue.
  private func refresh(
    until deadline: MonotonicTime, untilKnown name: String,
    _ condition: (ModelRecord) -> Bool
  ) async throws(EkkoError) {
    var pause = RetryPause()
    try await self.refresh(until: deadline)
    while !self.known.models.contains(where: { $0.name == name && condition($0) }) {
      try await self.wait(
        pause.take(atLeast: .zero, using: &self.generator), until: deadline,
        "\(self.endpoints[self.nearest]) has not heard of the model as it is now")
      try await self.refresh(until: deadline)
    }
  }

  /// The tables of a model, in the order of their creation.
  public func tables(of model: String) async throws(EkkoError) -> [TableSchema] {
    try await self.record(of: model, with: []).tables
  }

  /// Reads models and members anew.
  package func refresh(until limit: MonotonicTime? = nil) async throws(EkkoError) {
    let reply = try await self.askNearest(.catalogue, until: limit)
    guard case .catalogue(let catalogue) = reply else { throw .malformedReply }
    self.known = catalogue
  }

  /// Reads the catalogue from a node that is part of a cluster: one that has just started may answer
  /// before it has joined, and knows nothing then.
  package func reachCluster() async throws(EkkoError) {
    let deadline = self.deadline()
    var pause = RetryPause()
    try await self.refresh(until: deadline)
    while self.known.members.isEmpty {
      let node = self.endpoints[self.nearest]
      do throws(EkkoError) {
        try await self.wait(pause.take(atLeast: .zero, using: &self.generator), until: deadline, "")
        self.nearest = (self.nearest + 1) % self.endpoints.count
        try await self.refresh(until: deadline)
      } catch .unreachable {
        throw .notJoined(node.description)
      }
    }
  }

  package var catalogue: CatalogueReply { self.known }

  func adopt(_ catalogue: CatalogueReply) { self.known = catalogue }

  /// The record of a model; read anew if it lacks one of `tables`, which somebody may have added.
  func record(
    of model: String, with tables: [String], until limit: MonotonicTime? = nil
  ) async throws(EkkoError) -> ModelRecord {
    if let known = self.known.models.first(where: { $0.name == model }),
      tables.allSatisfy({ known.table(named: $0) != nil })
    {
      return known
    }
    try await self.refresh(until: limit)
    guard let known = self.known.models.first(where: { $0.name == model }) else {
      throw .unknownModel(model)
    }
    return known
  }

  func table(_ name: String, of model: ModelRecord) throws(EkkoError) -> TableID {
    guard let table = model.table(named: name) else {
      throw .unknownTable(model: model.name, table: name)
    }
    return table
  }

  func nextRequest() -> RequestID {
    self.sequence += 1
    return RequestID(client: self.id, sequence: self.sequence)
  }

  func endpoint(of node: NodeID) -> Endpoint? {
    self.known.members.first { $0.node == node }?.endpoint
  }
}
