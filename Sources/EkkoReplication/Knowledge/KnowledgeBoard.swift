package import EkkoCore

/// The node's one copy of `StableKnowledge`, and those who wait for it to grow: writes that asked to
/// be held by more than the primary (DESIGN §11).
package final class KnowledgeBoard: Sendable {
  private let state = Watched<StableKnowledge, Never>(StableKnowledge())
  /// Until when a peer above wants to hear often.
  private let demandedUntil = Guarded(MonotonicTime.zero)

  package init() {}

  /// A copy, to draw conclusions from.
  package var knowledge: StableKnowledge { self.state.read { copy $0 } }

  package func note(
    _ member: KnowledgeReport.Member, knows bounds: [(ShardID, VersionVector)]
  ) {
    self.state.change(nil) { $0.note(member, knows: bounds) }
  }

  package func note(_ report: KnowledgeReport, from reporter: NodeID) {
    self.state.change(nil) { $0.note(report, from: reporter) }
  }

  /// A link of a replica that pulls from here has opened; `closed` follows.
  package func opened(by member: KnowledgeReport.Member) {
    self.state.change(nil) { $0.opened(by: member) }
  }

  package func closed(by member: KnowledgeReport.Member) {
    self.state.change(nil) { $0.closed(by: member) }
  }

  package func retain(_ present: [NodeID: IncarnationID]) {
    self.state.change(nil) { $0.retain(present) }
  }

  /// Whether peers below should report at once rather than now and then.
  package func wantsReports(at now: MonotonicTime) -> Bool {
    self.state.hasWaiters || self.demandedUntil.withLock { now < $0 }
  }

  /// A peer that this node pulls from wants reports until `deadline`.
  package func demandReports(until deadline: MonotonicTime) {
    self.demandedUntil.withLock { $0 = max($0, deadline) }
  }

  /// Waits until `condition` holds of what is known; false when the deadline came first.
  package func wait(
    until deadline: MonotonicTime, for condition: @escaping @Sendable (StableKnowledge) -> Bool
  ) async -> Bool {
    await self.state.wait(on: nil, until: deadline) { condition(copy $0) }
  }

  /// Ends the waits whose deadline has passed; to be called regularly.
  package func expireWaits(at now: MonotonicTime) { self.state.expireWaits(at: now) }

  /// Ends every wait, now and from now on.
  package func close() { self.state.close() }
}
