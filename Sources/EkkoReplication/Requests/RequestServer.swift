internal import EkkoCore
internal import EkkoStorage
package import EkkoTransport

/// Answers clients' requests at one node (DESIGN §6.1).
package struct RequestServer: RequestService {
  private let node: ReplicaNode
  private let keeper: CatalogueKeeper
  private let replica: Replica
  private let reporter: any NodeReporter
  private let desks: RequestDesks

  package init(
    node: ReplicaNode, homes: Int, keeper: CatalogueKeeper, replica: Replica,
    reporter: any NodeReporter
  ) {
    self.node = node
    self.keeper = keeper
    self.replica = replica
    self.reporter = reporter
    self.desks = RequestDesks(node: node, homes: homes)
  }

  package func session(on link: Link) -> any RequestSession {
    ClientSession(link: link, server: self, runtime: self.node.runtime)
  }

  /// Without a deadline of its own, a request has this long.
  private static let usualDeadline = Duration.seconds(30)

  /// The one reply to `request`; `watch` is answered by `watch(_:_:reply:)`.
  ///
  /// - Parameter home: where the link is that it came over.
  func answer(_ request: Request, within deadline: Duration?, at home: Home) async -> Reply {
    let until = self.node.clock.now().monotonic.advanced(by: deadline ?? Self.usualDeadline)
    do throws(RequestFailure) {
      switch request {
      case .join(let member):
        try self.requireWriter()
        try await self.join(member)
        return .catalogue(CatalogueReply(self.node.catalogue))
      case .leave(let name, let incarnation):
        try self.requireWriter()
        try await self.leave(name, incarnation)
        return .catalogue(CatalogueReply(self.node.catalogue))
      case .createModel(let draft):
        try self.requireWriter()
        try self.requireCaughtUp()
        return .model(
          try await self.keeper.create(draft, trainingNodes: await self.presentTrainingNodes()))
      case .alterModel(let name, let tables):
        try self.requireWriter()
        try self.requireCaughtUp()
        return .model(try await self.keeper.alter(name, tables: tables))
      case .write(let write):
        return .written(try await self.desks.write(write, until: until, from: home))
      case .read(let read):
        return .rows(try await self.desks.read(read, until: until, from: home))
      case .catalogue:
        return .catalogue(CatalogueReply(self.node.catalogue))
      case .status(let withDigests):
        return .status(await self.reporter.status(withDigests: withDigests))
      case .lag:
        return .lag(await self.reporter.lag())
      case .watch:
        return .failed(.malformed)
      }
    } catch {
      return .failed(error)
    }
  }

  private func requireWriter() throws(RequestFailure) {
    let catalogue = self.node.catalogue
    guard catalogue.writer == self.node.nodeID else {
      throw .elsewhere(catalogue.writer.flatMap { catalogue.members[$0]?.endpoint })
    }
  }

  /// A writer that has started again must first see what its peers hold of the catalogue.
  private func requireCaughtUp() throws(RequestFailure) {
    guard self.node.mayWrite else { throw .busy(retryAfter: .milliseconds(50)) }
  }

  /// How long a member may take to show that it is there, before its name is given to another.
  private static let patience = Duration.seconds(5)
  /// And how long where a person waits, and nothing is lost by taking it for gone.
  private static let shortPatience = Duration.seconds(1)

  /// Two nodes of one name would take turns at being the member: the second must not start. A former
  /// life that no longer answers makes room. One that was retired while another had its name may issue
  /// nothing any more, so that a primary among them would be busy for ever: its next life is another.
  private func join(_ member: MemberRecord) async throws(RequestFailure) {
    let listed = self.node.catalogue.members[member.node]
    if let listed, listed.incarnation != member.incarnation,
      await self.replica.isThere(listed, within: Self.patience)
    {
      throw .invalid("the name '\(member.name)' is that of a node that runs at \(listed.endpoint)")
    }
    guard !self.node.catalogue.retires(member.incarnation) else {
      throw .invalid("the cluster has retired this life of '\(member.name)' while it was away")
    }
    // Whoever has taken the name meanwhile is to be looked for as well.
    guard try await self.keeper.register(member, inPlaceOf: listed) else {
      throw .busy(retryAfter: .milliseconds(50))
    }
  }

  private func leave(
    _ name: String, _ incarnation: IncarnationID?
  ) async throws(RequestFailure) {
    let catalogue = self.node.catalogue
    guard let listed = catalogue.members[NodeID(name: name)] else {
      throw .invalid("the cluster has no node '\(name)'")
    }
    if let model = catalogue.modelsByName.first(where: { $0.trainingNodes.contains(listed.node) }) {
      throw .invalid(
        "node '\(name)' is the primary of shards of model '\(model.name)', and nobody takes them over"
      )
    }
    guard listed.node != catalogue.writer else {
      throw .invalid("node '\(name)' keeps the cluster's catalogue")
    }
    if let incarnation {
      // A later life of the same node has taken the place.
      guard listed.incarnation == incarnation else { return }
    } else if await self.replica.isThere(listed, within: Self.shortPatience) {
      throw .invalid("node '\(name)' still runs at \(listed.endpoint)")
    }
    try await self.keeper.remove(listed)
  }

  /// The training nodes that can take a model's shards: one that has gone would leave its part of the
  /// model without a primary.
  private func presentTrainingNodes() async -> [NodeID] {
    let listed = self.node.catalogue.trainingNodes
    let replica = self.replica
    return await withTaskGroup(of: NodeID?.self) { group in
      for member in listed {
        group.addTask {
          await replica.isThere(member, within: Self.shortPatience) ? member.node : nil
        }
      }
      var present: Set<NodeID> = []
      for await node in group { if let node { present.insert(node) } }
      return listed.map(\.node).filter(present.contains)
    }
  }

  /// Tells what changes in a table until the task is cancelled or `reply` fails.
  func watch(
    _ model: ModelID, _ table: TableID, reply: (Reply, _ moreFollow: Bool) async -> Bool
  ) async {
    guard let record = self.node.catalogue.models[model],
      Int(table.rawValue) < record.tables.count
    else {
      _ = await reply(.failed(.unknownTable("\(table.rawValue)")), false)
      return
    }
    let actors = self.node.shards.actors(of: record.shards).compactMap(\.self)
    var positions: [ShardID: UInt64] = [:]
    for actor in actors { positions[actor.id] = await actor.arrivalSequence }
    // The first reply says that the watch has begun.
    guard await reply(.changes(ChangeBatch(changes: [], hasMissed: false)), true) else { return }
    while !Task.isCancelled {
      let seen = self.node.board.sequence
      var batch = ChangeBatch(changes: [], hasMissed: false)
      for actor in actors {
        let (changes, missed, sequence) = await actor.changes(
          of: table, after: positions[actor.id] ?? 0)
        batch.changes += changes
        batch.hasMissed = batch.hasMissed || missed
        positions[actor.id] = sequence
      }
      if !batch.changes.isEmpty || batch.hasMissed {
        guard await reply(.changes(batch), true) else { return }
      }
      let deadline = self.node.clock.now().monotonic.advanced(by: .seconds(10))
      _ = await self.node.board.waitForNews(after: seen, until: deadline)
    }
  }
}

/// Says how a node is doing.
package protocol NodeReporter: Sendable {
  func status(withDigests: Bool) async -> NodeStatus
  func lag() async -> NodeLag
}
