internal import EkkoCore
internal import EkkoReplication
internal import EkkoStorage

/// Looks at the shard of every job, in every life, right after the job.
// SAFETY (Sendable): touched on the simulation's thread only, see `Simulation`.
final class ShardWatch: @unchecked Sendable {
  private let simulation: Simulation
  private let distinctTables: Set<UInt16>
  /// Those that are not over, in the order of their beginning.
  private var lives: [NodeLife] = []
  private var byProcess: [UInt32: NodeLife] = [:]
  private var histories: [ShardID: ShardHistory] = [:]
  /// What lives that are over have ever known, by the names of their nodes.
  private var formerlyKnown: [String: [ShardID: VersionVector]] = [:]
  private let walls = WallRecord()
  /// The first thing found broken; nothing is looked at after it.
  private(set) var violation: Violation?
  private(set) var violationStep = 0
  private(set) var violationTime: Int64 = 0
  /// What shards of lives that are over have counted.
  private(set) var pastCounters: [ShardCounters] = []
  private var answers: Sampling
  private var freshness: Sampling

  init(_ simulation: Simulation, distinctTables: Set<UInt16>) {
    self.simulation = simulation
    self.distinctTables = distinctTables
    self.answers = Sampling(generator: simulation.makeGenerator())
    self.freshness = Sampling(generator: simulation.makeGenerator())
  }

  func add(_ life: NodeLife) {
    self.lives.append(life)
    self.byProcess[life.process.number] = life
  }

  /// The life is over: what its tasks still do is nobody's business.
  func remove(_ life: NodeLife) {
    self.lives.removeAll { $0 === life }
    if life.isClone, let clone = life.replica, clone.mayWrite {
      for other in self.lives where other.replica?.nodeID == clone.nodeID { other.hadRival = true }
    }
    self.byProcess[life.process.number] = nil
    for (actor, mirror) in life.mirrors {
      self.formerlyKnown[life.name, default: [:]][actor.id, default: VersionVector()]
        .merge(mirror.everKnown)
      self.pastCounters.append(actor.assumeIsolated { $0.shard.counters })
    }
    life.mirrors = []
  }

  func look(at lane: Lane?) {
    guard let lane, lane.mayBeWatched, self.violation == nil,
      let life = self.byProcess[lane.process.number], let place = life.shard(on: lane)
    else { return }
    let now = life.process.clock.now()
    self.walls.note(now.wall, at: self.simulation.now)
    let (actor, mirror) = life.mirrors[place]
    let history = self.history(of: actor)
    let unique = actor.id == .catalogue ? [] : self.distinctTables
    let before = mirror.knowledge
    // Between two jobs nobody else is on this actor.
    let violation = actor.assumeIsolated { actor -> Violation? in
      do throws(Violation) {
        try mirror.check(
          actor.shard, against: history, uniqueTables: unique, wall: now.wall)
        return nil
      } catch {
        return error
      }
    }
    if let violation { return self.report(violation) }
    self.checkSaved(
      mirror, of: actor.id, in: life, hasChanged: before != mirror.knowledge, at: now.monotonic)
    if self.freshness.isDue,
      let violation = FreshnessComparison.check(
        self.freshness.choose(of: self.lives), among: self.lives, self.histories)
    {
      self.report(violation)
    }
    guard before != mirror.knowledge, let asker = self.someOther(than: life) else { return }
    if let difference = AnswerComparison.compare(actor, asked: asker, history) {
      self.report(difference)
    }
  }

  /// L2: a node has in its files what it knew some time ago, unless its disk was ever at fault.
  private func checkSaved(
    _ mirror: ReplicaMirror, of shard: ShardID, in life: NodeLife, hasChanged: Bool,
    at now: MonotonicTime
  ) {
    guard let (disk, age) = life.files, disk.isSound, mirror.isTrusted else {
      return mirror.savingDuty.cancel()
    }
    let missing = mirror.savingDuty.note(
      mirror.knowledge, hasChanged: hasChanged, retired: mirror.retired, at: now,
      resumed: life.process.resumedAt, bound: age
    ) { disk.knowledge(of: shard) }
    guard let missing else { return }
    self.report(
      Violation(
        .l2, "\(life.name), \(shard.text): \(missing.text) is in no file, \(age) after it came"))
  }

  /// Looks at all that a node has as it begins to live.
  func lookAtAll(of life: NodeLife) {
    for actor in life.replica?.shards.all ?? [] {
      self.look(at: Lane.lane(of: actor, in: self.simulation))
    }
  }

  /// A life to compare with: any but this one.
  private func someOther(than life: NodeLife) -> NodeLife? {
    guard self.answers.isDue, self.lives.count > 1 else { return nil }
    return self.answers.choose(of: self.lives.filter { $0 !== life })
  }

  private func history(of actor: ShardActor) -> ShardHistory {
    if let known = self.histories[actor.id] { return known }
    let history = ShardHistory(shard: actor.id, walls: self.walls)
    self.histories[actor.id] = history
    return history
  }

  /// Whether `node` has ever known the update, in this life or an earlier one, or a clone of it.
  func hasHeld(_ version: ParameterVersion, of shard: ShardID, at node: SimulatedNode) -> Bool {
    let names = [node.name, node.cloneName]
    return self.lives.contains { life in
      names.contains(life.name) && life.mirror(of: shard)?.hasCovered(version) ?? false
    } || names.contains { self.formerlyKnown[$0]?[shard]?.covers(version) ?? false }
  }

  /// Whether a life has ended.
  var hasLostLives: Bool { !self.formerlyKnown.isEmpty }

  func report(_ violation: Violation) {
    guard self.violation == nil else { return }
    self.violation = violation
    self.violationStep = self.simulation.steps
    self.violationTime = self.simulation.now
  }

  /// Whether a replica may have what it has of a row, or nothing, after it has had `version`.
  func isRight(
    _ mirror: ReplicaMirror, of shard: ShardID, _ row: ShardHistory.RowKey,
    after version: ParameterVersion
  ) -> Bool {
    let held = mirror.version(of: row)
    if let held, held >= version { return true }
    guard let history = self.histories[shard] else { return false }
    // An expired row may be gone before it was given away, and then an older one stays a while.
    return held == nil
      ? history.mayBeGone(row, version, whereHeard: mirror.hasHeard(of:))
      : history.isExpired(row, version)
  }

  func wasReissued(_ row: ShardHistory.RowKey, of shard: ShardID) -> Bool {
    self.histories[shard]?.wasReissued(row) ?? false
  }

  /// How often each branch of the rules was taken, over all lives.
  func coverage() -> [String: UInt64] {
    let present = self.simulation.afterwards {
      self.lives.flatMap(\.mirrors).map { actor, _ in
        actor.assumeIsolated { $0.shard.counters }
      }
    }
    var coverage: [String: UInt64] = [:]
    for counters in self.pastCounters + present {
      for (name, count) in counters.branches { coverage[name, default: 0] += count }
    }
    return coverage
  }
}

extension ShardCounters {
  var branches: [(String, UInt64)] {
    [
      ("sections_merged", self.sectionsMerged), ("sections_dropped", self.sectionsDropped),
      ("sections_refused", self.sectionsRefused), ("rows_recovered", self.rowsRecovered),
      ("rows_reissued", self.rowsReissued), ("rows_superseded", self.rowsSuperseded),
      ("rows_expired", self.rowsExpired), ("tombstones_collected", self.tombstonesCollected),
      ("shard_versions_adopted", self.shardVersionsAdopted),
      ("shard_versions_kept", self.shardVersionsKept),
      ("shard_versions_given_up", self.shardVersionsGivenUp),
      ("shard_versions_issued_after_merge", self.shardVersionsIssuedAfterMerge),
      ("shard_versions_issued_without_claim", self.shardVersionsIssuedWithoutClaim),
      ("cache_walks_from_mark", self.cacheWalksFromMark),
      ("rewritten_rows_visited", self.rewrittenRowsVisited),
      ("cache_walks_turned_scans", self.cacheWalksTurnedScans),
      ("scans_resumed", self.scansResumed), ("resumes_refused", self.resumesRefused),
      ("replacements", self.replacements),
      ("replacements_of_distrusted", self.replacementsOfDistrusted),
      ("replacements_below_forgotten", self.replacementsBelowForgotten),
      ("replacements_resumed", self.replacementsResumed),
      ("replacements_broken_off", self.replacementsBrokenOff),
      ("rows_replaced_away", self.rowsReplacedAway),
    ]
  }
}
