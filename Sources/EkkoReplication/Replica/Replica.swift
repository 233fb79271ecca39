internal import EkkoCore
package import EkkoTransport

/// Runs one replica: serves the links others open, keeps links to the peers it pulls from, and looks
/// after what needs looking after regularly. Owns every task of the replica.
package actor Replica {
  nonisolated package let node: ReplicaNode
  nonisolated private let dialler: Dialler
  nonisolated private let homes: Int
  nonisolated private let onEvent: @Sendable (PeerKeeper.Event) -> Void
  private let executor: ActorExecutor
  nonisolated private let recovery: Recovery
  private var keepers: [Endpoint: PeerKeeper] = [:]
  private var waiting: [PeerKeeper] = []
  nonisolated private let keeperAdded = Wakeup()
  nonisolated private let openLinks = Places(count: Replica.linkLimit)
  nonisolated private let served = Guarded(LinkWatch())

  nonisolated package var unownedExecutor: UnownedSerialExecutor { unsafe self.executor.unowned }

  /// Links that others may hold open; more are told that the node is busy.
  private static let linkLimit = 4096
  /// How often held polls and reads are checked against their deadlines.
  private static let tick = Duration.milliseconds(50)
  private static let upkeepInterval = Duration.seconds(1)
  /// How long a node that begins to live waits for what it may have lost.
  private static let recoveryPatience = Duration.seconds(5)
  /// And for a link to one who may hold it.
  private static let openingPatience = Duration.seconds(2)

  /// - Parameters:
  ///   - homes: over how many core loops links are spread.
  ///   - onEvent: hears of peers that come and go; called from their keepers.
  ///   - onRecovery: hears of rows that survived only in a lesser form.
  package init(
    node: ReplicaNode, dialler: Dialler, homes: Int,
    onEvent: @escaping @Sendable (PeerKeeper.Event) -> Void = { _ in },
    onRecovery: @escaping @Sendable (Recovery.Event) -> Void = { _ in }
  ) {
    self.node = node
    self.dialler = dialler
    self.homes = max(1, homes)
    self.onEvent = onEvent
    self.recovery = Recovery(node: node, dialler: dialler, onEvent: onRecovery)
    self.executor = node.runtime.executor(for: Home(index: 0))
  }

  /// Runs until cancelled; then stops accepting, ends every link and returns.
  package func run(listener: any ChannelListener, requests: any RequestService) async {
    await withDiscardingTaskGroup { group in
      group.addTask { await self.acceptLinks(of: listener, requests: requests) }
      group.addTask { await self.startKeepers() }
      group.addTask { await self.lookAfter() }
      group.addTask { await self.keepUp() }
      group.addTask { await self.recoverLostUpdates() }
    }
    self.node.board.close()
    self.node.knowledge.close()
  }

  /// Pulls from whoever answers at `endpoint`, from now on.
  package func pull(from endpoint: Endpoint) {
    guard self.keepers[endpoint] == nil else { return }
    let keeper = PeerKeeper(
      endpoint, node: self.node, dialler: self.dialler,
      home: Home(index: self.keepers.count % self.homes), onEvent: self.onEvent)
    self.keepers[endpoint] = keeper
    self.waiting.append(keeper)
    self.keeperAdded.signal()
  }

  /// The links that this replica pulls over, ascending by endpoint.
  package var peers: [PeerKeeper] {
    self.keepers.values.sorted {
      ($0.endpoint.host, $0.endpoint.port) < ($1.endpoint.host, $1.endpoint.port)
    }
  }

  /// Whether a member answers at its address, within `patience`, in the life that the catalogue
  /// lists.
  nonisolated package func isThere(
    _ member: MemberRecord, within patience: Duration
  ) async -> Bool {
    guard member.node != self.node.nodeID else {
      return member.incarnation == self.node.incarnation
    }
    let (node, dialler) = (self.node, self.dialler)
    let found = await withDeadline(patience, clock: node.clock) {
      guard
        let link = try? await dialler.open(to: member.endpoint, on: Home(index: 0), for: node)
      else { return false }
      link.abort()
      return link.remote.incarnation == member.incarnation
    }
    return found ?? false
  }

  // MARK: Tasks

  nonisolated private func startKeepers() async {
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled {
        for keeper in await self.takeWaiting() { group.addTask { await keeper.run() } }
        await self.keeperAdded.wait()
      }
    }
  }

  private func takeWaiting() -> [PeerKeeper] {
    defer { self.waiting = [] }
    return self.waiting
  }

  nonisolated private func acceptLinks(
    of listener: any ChannelListener, requests: any RequestService
  ) async {
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled {
        do throws(TransportError) {
          guard let channel = try await listener.accept() else { break }
          group.addTask { await self.serve(channel, requests: requests) }
        } catch .cancelled {
          break
        } catch {
          // Out of descriptors, most likely: links that end will free some.
          try? await self.node.clock.sleep(for: .milliseconds(100))
        }
      }
      group.cancelAll()
    }
    await listener.close()
  }

  nonisolated private func serve(
    _ channel: any ByteChannel, requests: any RequestService
  ) async {
    guard self.openLinks.take() else {
      await Link.refuse(channel, HandshakeRefusal(.busy, "too many links"))
      return
    }
    defer { self.openLinks.giveBack() }
    guard
      let link = try? await Link.accept(
        channel, as: self.node.identity, secret: self.dialler.secret,
        limits: self.dialler.limits, runtime: self.node.runtime)
    else { return }
    let now = self.node.clock.now().monotonic
    let number = self.served.withLock { $0.add(link, at: now) }
    defer { self.served.withLock { $0.remove(number) } }
    let server = LinkServer(node: self.node, link: link, requests: requests)
    // On the loop of the link, where its frames are coded. Who waits for an answer goes before
    // synchronisation, which runs there too.
    await withDiscardingTaskGroup { group in
      group.addTask(
        executorPreference: self.node.runtime.taskExecutor(for: link.home),
        priority: link.remote.roles.contains(.client) ? .high : nil
      ) {
        await server.run()
      }
    }
  }

  nonisolated private func lookAfter() async {
    while (try? await self.node.clock.sleep(for: Self.tick)) != nil {
      let now = self.node.clock.now().monotonic
      self.node.board.expireWaits(at: now)
      self.node.knowledge.expireWaits(at: now)
    }
  }

  private func keepUp() async {
    while (try? await self.node.clock.sleep(for: Self.upkeepInterval)) != nil {
      await self.upkeep()
    }
  }

  /// What peers hold in full comes by the usual pulls; only then is anything taken in a lesser form.
  nonisolated private func recoverLostUpdates() async {
    guard self.node.formClass == .full else { return }
    while (try? await self.node.clock.sleep(for: Self.upkeepInterval)) != nil {
      if self.node.mayWrite, await self.holdsWhatPeersHold() { await self.recovery.check() }
    }
  }

  nonisolated private func holdsWhatPeersHold() async -> Bool {
    for peer in await self.peers where await peer.mayHoldFullerRows() { return false }
    return true
  }

  /// Brings back what an earlier life of this node has written and lost, from whoever answers, before
  /// clients may write: a push that came first would add to the row as it was, and win over the row that
  /// is to come back. It does not wait long for those that do not answer.
  nonisolated package func recoverBeforeWrites() async {
    guard self.node.formClass == .full else { return }
    _ = await withDeadline(Self.recoveryPatience, clock: self.node.clock) {
      while !Task.isCancelled {
        if await self.holdsWhatPeersHold(),
          await self.recovery.check(openingWithin: Self.openingPatience)
        {
          return
        }
        try? await self.node.clock.sleep(for: .milliseconds(10))
      }
    }
  }

  private func upkeep() async {
    let now = self.node.clock.now().monotonic
    for keeper in self.peers { await keeper.checkProgress(at: now) }
    for link in self.served.withLock({ $0.stalled(at: now) }) { link.abort() }
    await self.settleLoaded()
    let stable = StableBounds(self.node)
    let living = Set(self.node.membership.members.map(\.incarnation))
    for (number, shard) in self.node.shards.all.enumerated() {
      await shard.upkeep(stable: stable[shard.id], living: living)
      // Those of this actor's own loop would otherwise all have their turn before anybody else.
      if number % Self.shardsPerTurn == Self.shardsPerTurn - 1 { await Task.yield() }
    }
  }

  /// A turn of upkeep takes some 14 µs per shard whose rows expire.
  private static let shardsPerTurn = 32

  /// Sees whether what was loaded from beyond the future bound can be told right from wrong by now.
  private func settleLoaded() async {
    let (node, board) = (self.node, self.node.board)
    for shard in node.shards.all where board[shard.id]?.awaitsClock == true {
      // Rows issued anew are writes of this node: see `ShardVersionBoard.beginWrite`.
      let (ticket, now) = board.beginWrite(at: node.clock.now())
      await shard.settleLoaded(isClockRight: node.isClockConfirmed, at: now)
      board.endWrite(ticket)
    }
  }
}
