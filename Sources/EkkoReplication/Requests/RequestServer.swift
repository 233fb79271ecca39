internal import EkkoCore
internal import EkkoStorage
package import EkkoTransport

/// Answers clients' requests at one node (DESIGN §6.1).
package struct RequestServer: RequestService {
  private let node: ReplicaNode
  private let keeper: CatalogueKeeper
  private let reporter: any NodeReporter
  private let desk: RequestDesk

  package init(node: ReplicaNode, keeper: CatalogueKeeper, reporter: any NodeReporter) {
    self.node = node
    self.keeper = keeper
    self.reporter = reporter
    self.desk = RequestDesk(node: node)
  }

  package func session(on link: Link) -> any RequestSession {
    ClientSession(link: link, server: self, runtime: self.node.runtime)
  }

  /// Without a deadline of its own, a request has this long.
  private static let usualDeadline = Duration.seconds(30)

  /// The one reply to `request`; `watch` is answered by `watch(_:_:reply:)`.
  func answer(_ request: Request, within deadline: Duration?) async -> Reply {
    let until = self.node.clock.now().monotonic.advanced(by: deadline ?? Self.usualDeadline)
    do throws(RequestFailure) {
      switch request {
      case .join(let member):
        try self.requireWriter()
        await self.keeper.register(member)
        return .catalogue(CatalogueReply(self.node.catalogue))
      case .createModel(let draft):
        try self.requireWriter()
        try self.requireCaughtUp()
        return .model(try await self.create(draft))
      case .alterModel(let name, let tables):
        try self.requireWriter()
        try self.requireCaughtUp()
        return .model(try await self.alter(name, tables: tables))
      case .write(let write):
        return .written(try await self.desk.write(write, until: until))
      case .read(let read):
        return .rows(try await self.desk.read(read, until: until))
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

  private func create(_ draft: ModelDraft) async throws(RequestFailure) -> ModelRecord {
    do throws(ModelError) {
      return try await self.keeper.create(draft)
    } catch {
      throw .invalid(error.description)
    }
  }

  private func alter(
    _ name: String, tables: [TableSchema]
  ) async throws(RequestFailure) -> ModelRecord {
    let altered: ModelRecord?
    do throws(ModelError) {
      altered = try await self.keeper.alter(name, tables: tables)
    } catch {
      throw .invalid(error.description)
    }
    guard let altered else { throw .unknownModel(name) }
    return altered
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
