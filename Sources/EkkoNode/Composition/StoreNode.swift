internal import EkkoClient
package import EkkoCore
package import EkkoReplication
internal import EkkoStorage
package import EkkoTransport

/// A whole node of the store: its replica, catalogue, files and the requests it answers, over any
/// transport. The node binary runs one; the demo and the tests run many in one process.
package struct StoreNode: Sendable {
  package let node: ReplicaNode
  package let replica: Replica
  /// Where it listens.
  package let endpoint: Endpoint
  /// Where others reach it: what the catalogue lists.
  let advertised: Endpoint
  package let keeper: CatalogueKeeper
  private let configuration: NodeConfiguration
  private let listener: any ChannelListener
  private let transport: any Transport
  private let reporter: Reporter
  private let snapshots: Snapshots?
  private let onEvent: @Sendable (NodeEvent) -> Void

  /// Listens and takes up what the node's files hold. `run()` does the rest.
  package static func start(
    _ configuration: NodeConfiguration, transport: any Transport, runtime: Runtime,
    onEvent: @escaping @Sendable (NodeEvent) -> Void = { _ in }
  ) async throws(StartFailure) -> StoreNode {
    let homes = (0..<max(1, configuration.homes)).map(Home.init(index:))
    let listener: any ChannelListener
    do throws(TransportError) {
      listener = try await transport.listen(on: configuration.listen, homes: homes)
    } catch {
      throw .listening(error)
    }
    do throws(UnusableFiles) {
      return try await StoreNode(
        configuration, listener: listener, transport: transport, runtime: runtime,
        onEvent: onEvent)
    } catch {
      await listener.close()
      throw .files(error)
    }
  }

  private init(
    _ configuration: NodeConfiguration, listener: any ChannelListener,
    transport: any Transport, runtime: Runtime,
    onEvent: @escaping @Sendable (NodeEvent) -> Void
  ) async throws(UnusableFiles) {
    var configuration = configuration
    let advertised = configuration.advertised(listeningOn: listener.endpoint)
    if configuration.name.isEmpty {
      // A wildcard address may be listened on by any number of nodes.
      configuration.name = "\(configuration.dataCentre)-\(advertised)"
    }
    #if PlantedBugs
      let incarnation = await Self.plantedIncarnation(for: configuration, runtime: runtime)
    #else
      let incarnation = runtime.drawIncarnation()
    #endif
    var identity = LinkIdentity(
      cluster: configuration.cluster, name: configuration.name,
      incarnation: incarnation, roles: configuration.roles,
      dataCentre: configuration.dataCentre, zone: configuration.zone,
      form: configuration.form)
    if configuration.founds, identity.cluster == .unknown {
      identity.cluster = ClusterID(rawValue: runtime.drawIncarnation().rawValue)
    }
    self.configuration = configuration
    self.listener = listener
    self.transport = transport
    self.endpoint = listener.endpoint
    self.advertised = advertised
    let node = ReplicaNode(
      identity: identity, runtime: runtime, replicates: configuration.replicates,
      methods: configuration.methods)
    self.node = node
    let snapshots = configuration.files.map {
      Snapshots(
        files: $0, node: node, interval: configuration.snapshotInterval,
        onTrouble: { onEvent(.trouble($0)) })
    }
    self.snapshots = snapshots
    let source: any ShardSource = snapshots ?? EmptyShards()
    let catalogue: Shard
    if let snapshots, configuration.founds, configuration.cluster != .unknown {
      catalogue = try await Self.ownCatalogue(of: snapshots)
    } else {
      catalogue =
        await source.load(.catalogue, schemas: Catalogue.schemas, for: node)
        ?? Shard(
          id: .catalogue, schemas: Catalogue.schemas, formClass: node.formClass,
          incarnation: node.incarnation)
    }
    self.keeper = CatalogueKeeper(
      node: node,
      shard: ShardActor(
        catalogue, board: node.board, runtime: runtime, home: Home(index: 0)),
      homes: configuration.homes, source: source)
    await self.keeper.refresh()
    // The files were looked at before, so this is trouble that may pass: to go on without a shard would
    // be to lose it.
    try await snapshots?.checkLoaded()
    self.replica = Replica(
      node: node, dialler: Dialler(transport: transport, secret: configuration.secret),
      homes: configuration.homes, onEvent: { onEvent(.peer($0)) },
      onRecovery: { onEvent(.recovered($0)) })
    self.onEvent = onEvent
    self.reporter = Reporter(node: node, replica: self.replica)
    if configuration.founds { await self.found() }
  }

  /// The catalogue of a node that has founded a cluster: without it, it would found another over what
  /// runs, and give models ids that others have. Its file comes before the record that names the
  /// cluster; see `remember`.
  private static func ownCatalogue(of snapshots: Snapshots) async throws(UnusableFiles) -> Shard {
    do throws(SnapshotError) {
      return try await snapshots.read(.catalogue, schemas: Catalogue.schemas)
    } catch .file(let error) where error.reason != .missing {
      throw .file(error)
    } catch {
      throw .noCatalogue(ShardSnapshot.name(of: .catalogue), error)
    }
  }

  private var member: MemberRecord { MemberRecord(self.node.identity, endpoint: self.advertised) }

  /// Runs until cancelled; then ends its links, saves its shards if it has files, and returns.
  package func run() async {
    for endpoint in self.configuration.join { await self.replica.pull(from: endpoint) }
    await withDiscardingTaskGroup { group in
      group.addTask {
        await self.replica.run(
          listener: self.listener,
          requests: RequestServer(
            node: self.node, homes: self.configuration.homes, keeper: self.keeper,
            replica: self.replica, reporter: self.reporter))
      }
      group.addTask { await self.keeper.run() }
      group.addTask { await self.reporter.run() }
      group.addTask { await self.followPeers() }
      group.addTask { await self.takePart() }
      group.addTask { await self.announceCatchUp() }
      if let snapshots = self.snapshots { group.addTask { await snapshots.run() } }
    }
    #if PlantedBugs
      if PlantedBug.active == .notSavedAtStop { return }
    #endif
    await self.snapshots?.saveAll()
  }

  /// Writes down who this node is, for its next life; of a founder, once its catalogue is saved.
  package func remember() async throws {
    guard let files = self.configuration.files else { return }
    if self.configuration.founds, self.configuration.cluster == .unknown,
      let catalogue = self.node.shards[.catalogue]
    {
      try await self.snapshots?.write(catalogue)
    }
    let identity = self.node.identity
    try await NodeRecord(
      name: identity.name, cluster: identity.cluster, form: self.node.formClass
    ).write(to: files)
  }

  /// What `status` says.
  package func status(withDigests: Bool) async -> NodeStatus {
    await self.reporter.status(withDigests: withDigests)
  }

  // MARK: Becoming part of the cluster

  /// Founds the cluster, or takes its place in it again.
  private func found() async {
    await self.keeper.found(as: self.member)
    if let draft = self.configuration.firstModel {
      // It may exist from an earlier life, perhaps with tables added since.
      _ = try? await self.keeper.create(draft, trainingNodes: [self.node.nodeID])
    }
  }

  /// Joins the cluster unless this node founds it, and does its part from then on. One that the
  /// cluster does not take does none.
  private func takePart() async {
    if !self.configuration.founds {
      guard await self.joinCluster() else { return }
    }
    await withDiscardingTaskGroup { group in
      group.addTask { await self.stayListed() }
      group.addTask { await self.train() }
    }
  }

  /// A training node accepts writes once it has caught up, and has back what survives of its earlier
  /// lives in a lesser form.
  private func train() async {
    guard self.configuration.roles.contains(.training) else { return }
    await self.catchUp()
    self.node.allowVersions()
    await self.replica.recoverBeforeWrites()
    self.node.allowWrites()
    await self.retireOrigins()
  }

  private func client(timeout: Duration) -> EkkoClient {
    EkkoClient(
      endpoints: self.configuration.join, transport: self.transport,
      secret: self.configuration.secret, runtime: self.node.runtime, timeout: timeout)
  }

  /// Takes a node that keeps nothing off the list of members as it goes: its next life would hold
  /// nothing either, and nobody should wait for it. One with files stays: it comes back. To be called
  /// after `run`.
  package func leaveCluster() async {
    guard self.configuration.files == nil, !self.configuration.founds else { return }
    let client = self.client(timeout: .seconds(2))
    // Whoever keeps the list may be gone as well, or not let a primary go.
    try? await client.leave(self.node.identity.name, incarnation: self.node.incarnation)
    await client.close()
  }

  /// - Returns: whether the cluster lists this node now; not if it was refused, or cancelled.
  private func joinCluster() async -> Bool {
    // Longer than the writer may take to see whether a node of this name still runs.
    let client = self.client(timeout: .seconds(10))
    var isListed = false
    while !Task.isCancelled {
      do throws(EkkoError) {
        try await client.join(self.member)
        // The cluster is known now; who cannot write it down asks again in its next life.
        try? await self.remember()
        isListed = true
        break
      } catch .invalid(let why) {
        self.onEvent(.refused(why))
        break
      } catch {
        // Nobody answers yet, or not the one who keeps the list: the pulling links say so.
        guard (try? await self.node.clock.sleep(for: .milliseconds(250))) != nil else { break }
      }
    }
    await client.close()
    return isListed
  }

  /// Joins anew if this node was taken off the list, as one that seemed to be gone for good; or if
  /// another of its name is listed, which the cluster then keeps if it is there. A node that has not
  /// heard yet that it is listed asks once too often, which changes nothing.
  private func stayListed() async {
    var seen: UInt64 = 0
    while !Task.isCancelled {
      let deadline = self.node.clock.now().monotonic.advanced(by: .seconds(1))
      _ = await self.node.board.wait(for: .catalogue, after: seen, until: deadline)
      seen = self.node.board[.catalogue]?.sequence ?? 0
      let listed = self.node.catalogue.members[self.node.nodeID]
      guard listed?.incarnation != self.node.incarnation else { continue }
      if self.configuration.founds {
        // A clock that was behind as it started: what peers had of its former life counted as newer.
        // What cannot be written yet is tried again with the next change, or a second from now.
        _ = try? await self.keeper.register(self.member, inPlaceOf: listed)
      } else {
        guard await self.joinCluster() else { return }
      }
    }
  }

  /// A training node may hold less than its peers: it merges from all that answer before it writes
  /// anything, but does not wait long for those that do not (DESIGN §9).
  private func catchUp() async {
    let deadline = self.node.clock.now().monotonic.advanced(by: .seconds(1))
    while self.node.clock.now().monotonic < deadline, !Task.isCancelled {
      let peers = await self.replica.peers
      var waits = false
      for peer in peers where await peer.isCaughtUp() != true { waits = true }
      if !waits, !peers.isEmpty || self.configuration.founds { return }
      try? await self.node.clock.sleep(for: .milliseconds(5))
    }
  }

  /// Tells once what it took to catch up: of a node that starts again, only what it had missed.
  private func announceCatchUp() async {
    while (try? await self.node.clock.sleep(for: .milliseconds(50))) != nil {
      let peers = await self.replica.peers
      let held = self.node.shards.all.count
      var tally = PullTally()
      var isCaughtUp = held > 1 && !peers.isEmpty
      for peer in peers {
        if await peer.isCaughtUp() != true { isCaughtUp = false }
        tally.add(await peer.tally())
      }
      guard isCaughtUp else { continue }
      self.onEvent(
        .caughtUp(
          rowsLoaded: await self.snapshots?.rowsLoaded ?? 0, rowsPulled: tally.rows,
          bytesPulled: tally.receivedBytes))
      return
    }
  }

  /// Training nodes pull from all training nodes of their data centre.
  private func followPeers() async {
    guard self.configuration.roles.contains(.training) else { return }
    var seen: UInt64 = 0
    while !Task.isCancelled {
      for member in self.node.catalogue.trainingNodes
      where member.dataCentre == self.node.dataCentre && member.node != self.node.nodeID {
        await self.replica.pull(from: member.endpoint)
      }
      let deadline = self.node.clock.now().monotonic.advanced(by: .seconds(1))
      _ = await self.node.board.wait(for: .catalogue, after: seen, until: deadline)
      seen = self.node.board[.catalogue]?.sequence ?? 0
    }
  }

  // MARK: Retirement

  /// Primaries prepare for the end of origins that are no member's present life; the catalogue's writer
  /// seals them, one at a time (DESIGN §5.1). Not a node whose clock is in doubt: nobody would take what
  /// it issues.
  private func retireOrigins() async {
    while (try? await self.node.clock.sleep(for: self.configuration.retirementInterval)) != nil {
      guard self.node.mayIssue else { continue }
      for due in Retirement.due(at: self.node) {
        await self.keeper.reissueRows(beyond: due)
        guard self.node.catalogue.writer == self.node.nodeID else { continue }
        if await self.keeper.retire(due.incarnation, seals: due.seals) { break }
      }
    }
  }
}

/// Why a node does not start.
package enum StartFailure: Error, Hashable, Sendable {
  /// It cannot listen at its address.
  case listening(TransportError)
  case files(UnusableFiles)
}

/// What an operator may want to know of a node.
package enum NodeEvent: Hashable, Sendable {
  case peer(PeerKeeper.Event)
  /// Updates that were lost here were found at a replica of a lesser form.
  case recovered(Recovery.Event)
  /// The cluster does not take this node; a sentence says why. It must not go on.
  case refused(String)
  /// Something with the node's files; a sentence.
  case trouble(String)
  /// For the first time in this life all that its peers had announced is here.
  case caughtUp(rowsLoaded: Int, rowsPulled: UInt64, bytesPulled: Int)
}
