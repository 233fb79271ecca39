package import EkkoCore
package import EkkoTransport

/// What all parts of one replica share: who it is, its shards, and its boards.
package final class ReplicaNode: Sendable {
  /// The cluster is unknown until a link has told it.
  private let cluster: Guarded<ClusterID>
  private let fixedIdentity: LinkIdentity
  package let runtime: Runtime
  package let board: ShardVersionBoard
  package let knowledge = KnowledgeBoard()
  package let shards: ShardDirectory
  package let preferences = PullPreferences()
  package let scans: Places
  /// Whether this node holds replicas of shards that others are primary of; without, it follows the
  /// catalogue alone.
  package let replicates: Bool
  package let methods: SynchronisationMethods
  private let agreed = Guarded(Agreed())
  private let standing = Guarded(Standing.behind)
  private let clocks = Guarded(ClockFitness())

  package init(
    identity: LinkIdentity, runtime: Runtime, scanLimit: Int = 4, replicates: Bool = true,
    methods: SynchronisationMethods = SynchronisationMethods()
  ) {
    self.replicates = replicates
    self.methods = methods
    self.fixedIdentity = identity
    self.cluster = Guarded(identity.cluster)
    self.runtime = runtime
    self.board = ShardVersionBoard(node: identity.node)
    self.shards = ShardDirectory()
    self.scans = Places(count: scanLimit)
  }

  package var identity: LinkIdentity {
    var identity = self.fixedIdentity
    identity.cluster = self.cluster.withLock { $0 }
    return identity
  }

  /// Becomes part of the cluster a peer has named, if it was part of none.
  package func adopt(_ cluster: ClusterID) {
    self.cluster.withLock { if $0 == .unknown { $0 = cluster } }
  }

  package var nodeID: NodeID { self.fixedIdentity.node }
  package var incarnation: IncarnationID { self.fixedIdentity.incarnation }
  package var dataCentre: String { self.fixedIdentity.dataCentre }
  package var clock: any RuntimeClock { self.runtime.clock }
  package var formClass: FormClass { self.fixedIdentity.form ?? .serving }
  package var retirements: UInt64 { self.shards.retirements }

  /// How far a node is that has just begun to live.
  private enum Standing: Comparable {
    /// It may lack what its peers hold of an earlier life of it.
    case behind
    /// It has merged that, and may issue versions: what survives in a lesser form it issues anew.
    case merged
    /// That is done as well, and clients may write.
    case recovered
  }

  /// What the cluster agrees on, as far as this node has heard.
  private struct Agreed {
    var catalogue = Catalogue()
    var membership = Membership()
    var knowledge = VersionVector()
  }

  package var catalogue: Catalogue { self.agreed.withLock { $0.catalogue } }

  /// Who else holds replicas, in which lives.
  package var membership: Membership { self.agreed.withLock { $0.membership } }

  /// Whether this node is on the list of members, in this life or an earlier one. Only then does it take
  /// rows: what all members have lost is retired, and then nobody else may have it (DESIGN §5.1).
  package var isListed: Bool {
    self.shards[.catalogue] == nil || self.catalogue.members[self.nodeID] != nil
  }

  /// The members that this node goes by, and what of the catalogue they are of: it may hold more already.
  var agreedMembership: (membership: Membership, knowledge: VersionVector) {
    self.agreed.withLock { ($0.membership, $0.knowledge) }
  }

  /// - Parameter knowledge: what the catalogue's shard knew when it was as `catalogue` says.
  package func update(_ catalogue: Catalogue, knowledge: VersionVector = VersionVector()) {
    let agreed = Agreed(
      catalogue: catalogue, membership: catalogue.membership, knowledge: knowledge)
    let membership = agreed.membership
    // First, so that nobody draws conclusions on the new members from what was said of former lives.
    self.knowledge.retain(membership.entries.mapValues(\.incarnation))
    self.agreed.withLock { $0 = agreed }
    self.clocks.withLock { $0.retain { Self.counts($0, for: self.nodeID, in: membership) } }
  }

  /// Whether the clock of `node` is one to compare with: a member's. A node that is no member yet may
  /// not know who is, and compares with whom it meets.
  private static func counts(
    _ node: NodeID, for reader: NodeID, in membership: Membership
  ) -> Bool {
    membership.entries[reader] == nil || membership.entries[node] != nil
  }

  /// Whether this node accepts writes now: it may issue versions, and has back what it had lost.
  package var mayWrite: Bool { self.mayIssue(since: .recovered) }

  /// Whether this node may issue versions now: it has merged what its peers hold, its clock agrees with
  /// theirs, and its catalogue does not wait to know whose clock was wrong.
  package var mayIssue: Bool { self.mayIssue(since: .merged) }

  private func mayIssue(since standing: Standing) -> Bool {
    guard self.standing.withLock({ $0 }) >= standing else { return false }
    if self.board[.catalogue]?.awaitsClock == true { return false }
    if case .unfit = self.clockVerdict { return false }
    return true
  }

  /// The node has caught up with its peers and may become an origin.
  package func allowVersions() {
    self.standing.withLock { $0 = max($0, .merged) }
  }

  /// What it had lost is back, as far as it is to be had.
  package func allowWrites() {
    self.standing.withLock { $0 = .recovered }
    self.board.becomeOrigin()
  }

  /// Compares a peer's wall time with ours.
  package func noteClock(of node: NodeID, offset: Duration) {
    guard Self.counts(node, for: self.nodeID, in: self.membership) else { return }
    self.clocks.withLock { $0.note(node, offset: offset) }
  }

  /// A peer's clock shows `wall` just now, but for the time that took to get here.
  package func noteClock(of node: NodeID, showing wall: WallTime) {
    let ours = self.clock.now().wall.microseconds
    self.noteClock(
      of: node, offset: .microseconds(Int64(wall.microseconds) - Int64(ours)))
  }

  package var clockVerdict: ClockFitness.Verdict { self.clocks.withLock { $0.verdict } }

  /// Whether the clock is known to be right: it agrees with those of enough members.
  package var isClockConfirmed: Bool {
    let others = self.membership.members.map(\.node).filter { $0 != self.nodeID }
    return self.clocks.withLock { $0.isConfirmed(by: others) }
  }
}
