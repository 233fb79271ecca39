internal import EkkoCore
internal import EkkoTransport

/// Brings back updates that survive only in a lesser form (DESIGN §4): asks replicas of that form for
/// the sections of the shards this node is primary of, and issues anew what is newer than its own.
///
/// It has links of its own, a few at a time, and holds one frame batch at a time; the usual pulls go on
/// beside it. Driven by its owner: as a node begins to live, before anyone may write, and then at the
/// pace of upkeep.
package actor Recovery {
  /// Rows were recovered from this replica.
  package struct Event: Hashable, Sendable {
    package var rows: UInt64
    package var name: String

    package init(rows: UInt64, name: String) {
      self.rows = rows
      self.name = name
    }
  }

  nonisolated private let node: ReplicaNode
  nonisolated private let dialler: Dialler
  private let onEvent: @Sendable (Event) -> Void
  private let executor: ActorExecutor
  private var schedule = RecoverySchedule()
  private var generator: SplitMix64

  nonisolated package var unownedExecutor: UnownedSerialExecutor { unsafe self.executor.unowned }

  private static let home = Home(index: 0)
  /// How long a replica may take to open a link, and later to send something.
  package static let patience = Duration.seconds(5)
  /// Links that are opened at the same time.
  private static let linkLimit = 16

  package init(
    node: ReplicaNode, dialler: Dialler, onEvent: @escaping @Sendable (Event) -> Void
  ) {
    self.node = node
    self.dialler = dialler
    self.onEvent = onEvent
    self.executor = node.runtime.executor(for: Self.home)
    self.generator = node.runtime.makeGenerator()
  }

  /// Looks for what is to be compared and compares it, one replica after the other.
  ///
  /// - Parameter limit: how long those who are asked may take to open their links.
  /// - Returns: whether what was lost is back, as far as it is to be had.
  @discardableResult
  package func check(openingWithin limit: Duration = Recovery.patience) async -> Bool {
    guard let survey = RecoverySurvey(self.node) else { return false }
    var due = self.schedule.due(survey, at: self.node.clock.now().monotonic)[...]
    while !due.isEmpty {
      let some = due.prefix(Self.linkLimit)
      due = due.dropFirst(Self.linkLimit)
      let links = await self.open(some.map(\.member), within: limit)
      for (member, shards) in some {
        let compared =
          if let link = links[member] {
            await self.compare(shards, over: link, with: member, living: survey.living)
          } else {
            Set<ShardID>()
          }
        guard !Task.isCancelled else { continue }
        self.schedule.note(
          member, compared: compared, of: shards, at: self.node.clock.now().monotonic)
      }
      guard !Task.isCancelled else { return false }
    }
    return RecoverySurvey(self.node).map { self.schedule.isSettled($0) } ?? false
  }

  /// - Returns: the shards whose sections came whole and were merged.
  private func compare(
    _ shards: [RecoverySurvey.OwnShard], over link: Link, with member: KnowledgeReport.Member,
    living: Set<IncarnationID>
  ) async -> Set<ShardID> {
    defer { link.abort() }
    guard !Task.isCancelled, link.remote.incarnation == member.incarnation,
      let form = link.remote.form
    else { return [] }
    var pull = RecoveryPull(
      shards, node: self.node, responder: member.incarnation, formClass: form, living: living)
    while let request = pull.nextRequest(nonce: self.generator.next()) {
      guard await self.exchange(request, of: &pull, over: link) else { break }
    }
    if pull.rowsRecovered > 0 {
      self.onEvent(Event(rows: pull.rowsRecovered, name: link.remote.name))
    }
    return pull.merged
  }

  /// A link to each of `members` that answers.
  private func open(
    _ members: [KnowledgeReport.Member], within limit: Duration
  ) async -> [KnowledgeReport.Member: Link] {
    let (node, dialler) = (self.node, self.dialler)
    return await withTaskGroup(of: (KnowledgeReport.Member, Link?).self) { group in
      for member in members {
        guard let endpoint = node.catalogue.members[member.node]?.endpoint else { continue }
        group.addTask {
          let link = await withDeadline(limit, clock: node.clock) {
            // Who does not answer now is asked again later.
            try? await dialler.open(to: endpoint, on: Self.home, for: node)
          }
          return (member, link ?? nil)
        }
      }
      var links: [KnowledgeReport.Member: Link] = [:]
      for await (member, link) in group { links[member] = link }
      return links
    }
  }

  /// One ask and its answer.
  ///
  /// - Returns: false if the link is of no more use.
  private func exchange(
    _ request: ExchangeRequest, of pull: inout RecoveryPull, over link: Link
  ) async -> Bool {
    let ask = Frame(kind: ExchangeFrameKind.ask, payload: request.encode())
    guard (try? await link.send([ask])) != nil else { return false }
    while !pull.isAnswered {
      let frames = await withDeadline(Self.patience, clock: self.node.clock) {
        await withTaskCancellationHandler {
          (try? await link.receive()) ?? []
        } onCancel: {
          link.abort()
        }
      }
      guard let frames, !frames.isEmpty, (try? await pull.take(frames)) != nil else {
        return false
      }
    }
    return true
  }
}
