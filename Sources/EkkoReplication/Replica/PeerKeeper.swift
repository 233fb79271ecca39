package import EkkoCore
package import EkkoTransport

/// Keeps one link to one peer open and pulls over it; when it breaks, opens the next (Ekko §4.1).
package actor PeerKeeper {
  package enum Event: Hashable, Sendable {
    case connected(Endpoint, name: String)
    /// The first of a series of failures, and again from time to time.
    case unreachable(Endpoint, why: LinkError)
    case lost(Endpoint, why: LinkError?)
    /// This very node answers there; it is left alone from then on.
    case itself(Endpoint)
  }

  nonisolated package let endpoint: Endpoint
  nonisolated private let node: ReplicaNode
  nonisolated private let dialler: Dialler
  private let home: Home
  private let executor: ActorExecutor
  private let onEvent: @Sendable (Event) -> Void
  private var generator: SplitMix64
  private var backoff = ReconnectBackoff()
  private var peer: ReplicaPeer?
  private var lastComplaint: MonotonicTime?
  /// Who answers at the endpoint, once known.
  package private(set) var remote: LinkIdentity?
  private var pastTally = PullTally()
  /// What the last link did not live to see the end of.
  private var unfinished = UnfinishedSections()
  #if PlantedBugs
    private var earlier: ReplicaPeer?
  #endif

  nonisolated package var unownedExecutor: UnownedSerialExecutor { unsafe self.executor.unowned }

  package init(
    _ endpoint: Endpoint, node: ReplicaNode, dialler: Dialler, home: Home,
    onEvent: @escaping @Sendable (Event) -> Void
  ) {
    self.endpoint = endpoint
    self.node = node
    self.dialler = dialler
    self.home = home
    self.executor = node.runtime.executor(for: home)
    self.onEvent = onEvent
    self.generator = node.runtime.makeGenerator()
  }

  /// Pulls until cancelled, or until the endpoint turns out to be this very node.
  package func run() async {
    while !Task.isCancelled {
      do throws(LinkError) {
        let link = try await self.dialler.open(to: self.endpoint, on: self.home, for: self.node)
        await self.pull(over: link)
      } catch .refused(let refusal) where refusal.reason == .itself {
        return self.onEvent(.itself(self.endpoint))
      } catch .refusedByPeer(let refusal) where refusal.reason == .itself {
        return self.onEvent(.itself(self.endpoint))
      } catch {
        self.complain(error)
      }
      let delay = self.backoff.nextDelay(using: &self.generator)
      do { try await self.node.clock.sleep(for: delay) } catch { return }
    }
  }

  private func pull(over link: Link) async {
    self.remote = link.remote
    self.lastComplaint = nil
    self.onEvent(.connected(self.endpoint, name: link.remote.name))
    let peer = ReplicaPeer(node: self.node, link: link, unfinished: self.unfinished)
    #if PlantedBugs
      // Only where it is the mistake: others leave the schedule as it is.
      if [.bookmarkOutlivesResponder, .marksOutliveResponder].contains(PlantedBug.active) {
        if let earlier = self.earlier { await peer.takeOver(from: earlier) }
        self.earlier = peer
      }
    #endif
    self.peer = peer
    let why = await withTaskCancellationHandler {
      do throws(LinkError) {
        try await peer.run()
        return LinkError?.none
      } catch {
        return error
      }
    } onCancel: {
      link.abort()
    }
    link.abort()
    self.peer = nil
    self.pastTally.add(await peer.tally)
    self.unfinished = await peer.unfinished
    if await peer.tally.sectionsMerged > 0 { self.backoff.reset() }
    if !Task.isCancelled { self.onEvent(.lost(self.endpoint, why: why)) }
  }

  private static let complaintInterval = Duration.seconds(30)

  private func complain(_ error: LinkError) {
    let now = self.node.clock.now().monotonic
    if let last = self.lastComplaint, last.duration(to: now) < Self.complaintInterval { return }
    self.lastComplaint = now
    self.onEvent(.unreachable(self.endpoint, why: error))
  }

  /// To be called regularly: see `ReplicaPeer.checkProgress`.
  package func checkProgress(at now: MonotonicTime) async {
    await self.peer?.checkProgress(at: now)
  }

  package var isConnected: Bool { self.peer != nil }

  /// Whether everything the peer has announced is merged; `nil` while there is no link.
  package func isCaughtUp() async -> Bool? { await self.peer?.isCaughtUp }

  /// Whether the peer holds full rows and all it had when its link opened is not merged yet.
  package func mayHoldFullerRows() async -> Bool {
    guard let peer = self.peer, self.remote?.form == .full else { return false }
    return await !peer.hasCaughtUp
  }

  /// What has been pulled from this endpoint in all.
  package func tally() async -> PullTally {
    var tally = self.pastTally
    if let peer = self.peer { tally.add(await peer.tally) }
    return tally
  }
}

/// Opens links to other nodes.
package struct Dialler: Sendable {
  package let transport: any Transport
  package let secret: SharedSecret?
  package let limits: LinkLimits

  package init(
    transport: any Transport, secret: SharedSecret? = nil, limits: LinkLimits = .forReplicas
  ) {
    self.transport = transport
    self.secret = secret
    self.limits = limits
  }

  func open(
    to endpoint: Endpoint, on home: Home, for node: ReplicaNode
  ) async throws(LinkError) -> Link {
    let channel: any ByteChannel
    do throws(TransportError) {
      channel = try await self.transport.connect(to: endpoint, on: home)
    } catch {
      throw .transport(error)
    }
    let link = try await Link.open(
      channel, as: node.identity, secret: self.secret, limits: self.limits,
      runtime: node.runtime)
    node.adopt(link.opening.cluster)
    return link
  }
}

extension LinkLimits {
  /// Frames are packed to the usual size; the largest rows need more.
  package static var forReplicas: LinkLimits {
    var limits = LinkLimits()
    limits.frames.largestSent = FrameLimits.ceiling
    return limits
  }
}
