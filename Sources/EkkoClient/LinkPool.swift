internal import EkkoCore
internal import EkkoReplication
internal import EkkoTransport

/// The client's links, at most one per endpoint, opened when needed.
actor LinkPool {
  private let transport: any Transport
  private let secret: SharedSecret?
  private let runtime: Runtime
  private let identity: LinkIdentity
  private let executor: ActorExecutor
  private var links: [Endpoint: ClientLink] = [:]
  /// Who is opening a link; others wait for them rather than open another.
  private var opening: [Endpoint: Watched<Bool, Never>] = [:]
  private var isClosed = false

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe self.executor.unowned }

  init(transport: any Transport, secret: SharedSecret?, name: String, runtime: Runtime) {
    self.transport = transport
    self.secret = secret
    self.runtime = runtime
    self.executor = runtime.executor(for: Home(index: 0))
    self.identity = LinkIdentity(
      name: name, incarnation: runtime.drawIncarnation(), roles: .client, dataCentre: "",
      form: nil)
  }

  /// The link to `endpoint`, opened if there is none that lives.
  ///
  /// - Parameter limit: when opening it is given up.
  func link(
    to endpoint: Endpoint, until limit: MonotonicTime? = nil
  ) async throws(LinkError) -> ClientLink {
    while let others = self.opening[endpoint] {
      try await Self.wait(for: others)
    }
    if let known = self.links[endpoint], !known.hasFailed { return known }
    if let others = self.opening[endpoint] {
      try await Self.wait(for: others)
      return try await self.link(to: endpoint, until: limit)
    }
    let done = Watched<Bool, Never>(false)
    self.opening[endpoint] = done
    defer {
      self.opening[endpoint] = nil
      done.change(nil) { $0 = true }
    }
    guard let limit else { return try await self.openAnew(endpoint).get() }
    let time = self.runtime.clock.now().monotonic.duration(to: limit)
    let opened = await withDeadline(time, clock: self.runtime.clock) {
      await self.openAnew(endpoint)
    }
    guard let opened else { throw .transport(.timedOut) }
    return try opened.get()
  }

  /// Opens a link and keeps it, also for later if nobody waits for it any more.
  private func openAnew(_ endpoint: Endpoint) async -> Result<ClientLink, LinkError> {
    let opened: ClientLink
    do throws(LinkError) { opened = try await self.open(endpoint) } catch {
      return .failure(error)
    }
    if let old = self.links.updateValue(opened, forKey: endpoint) { await old.close() }
    await opened.start()
    if self.isClosed { await opened.close() }
    return .success(opened)
  }

  /// Ends early with `cancelled` if the task is: to look again at once would keep the actor from
  /// those who are opening the link.
  private static func wait(for others: Watched<Bool, Never>) async throws(LinkError) {
    let never = MonotonicTime(nanoseconds: .max)
    guard await others.wait(on: nil, until: never, for: { $0 }) else {
      throw .transport(.cancelled)
    }
  }

  private func open(_ endpoint: Endpoint) async throws(LinkError) -> ClientLink {
    guard !self.isClosed else { throw .transport(.closed) }
    let channel: any ByteChannel
    do throws(TransportError) {
      channel = try await self.transport.connect(to: endpoint, on: Home(index: 0))
    } catch {
      throw .transport(error)
    }
    let link = try await Link.open(
      channel, as: self.identity, secret: self.secret, runtime: self.runtime)
    return ClientLink(link, runtime: self.runtime)
  }

  func close() async {
    self.isClosed = true
    let open = self.links.sorted { $0.key.description < $1.key.description }
    self.links = [:]
    for (_, link) in open { await link.close() }
  }
}
