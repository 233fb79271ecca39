internal import EkkoCore
internal import EkkoStorage

/// What was last seen of one shard in one life of a replica; compares what has become of it with the
/// history of the shard, after every job that ran on the shard's actor.
///
/// Nothing is sampled: a job changes one shard, and every row, vector and version that it changed is
/// looked at.
// SAFETY (Sendable): touched on the simulation's thread only, see `Simulation`.
final class ReplicaMirror: @unchecked Sendable {
  typealias RowKey = ShardHistory.RowKey

  private let replica: String
  private var arrival: UInt64 = 0
  private var versions: [RowKey: ParameterVersion] = [:]
  private(set) var knowledge = VersionVector()
  /// All that this life has ever known, also before it took a full replace.
  private(set) var everKnown = VersionVector()
  private(set) var shardVersion: ShardVersion?
  /// Origins that the first look at a catalogue shows, and that died before anyone looked at them: a life
  /// may have founded its cluster, saved that, and died as it started.
  private var unseen: Set<IncarnationID> = []
  private var issuedCounter: UInt64 = 0
  private var wasTrusted = true
  private var replacements: UInt64 = 0
  private var sectionsMerged: UInt64 = 0
  private var rowsWritten: UInt64 = 0
  private var prunedThrough: UInt64 = 0
  private var ahead = VersionVector()

  init(replica: String) { self.replica = replica }

  /// Whether it has distrusted its rows in this life: the marks it asked with mean nothing then.
  private(set) var hasGoneBack = false

  /// The origins it has retired: rows of theirs it takes from nobody.
  private(set) var retired: Set<IncarnationID> = []

  /// The times of deletions that it has forgotten.
  private var forgotten = VersionVector()

  /// What its file should hold.
  var savingDuty = SavingDuty()

  /// Whether its rows count, see `Shard.isTrusted`.
  var isTrusted: Bool { self.wasTrusted }

  /// Whether this life has ever known the update.
  func hasCovered(_ version: ParameterVersion) -> Bool { self.everKnown.covers(version) }

  /// Whether it had heard of the update when it was last looked at.
  func hasHeard(of version: ParameterVersion) -> Bool {
    self.knowledge.covers(version) || self.forgotten.covers(version)
      || self.retired.contains(version.origin)
  }

  /// What the row has here; `nil` where there is none.
  func version(of row: RowKey) -> ParameterVersion? { self.versions[row] }

  /// - Parameter uniqueTables: those whose every write puts other weights.
  func check(
    _ shard: borrowing Shard, against history: ShardHistory, uniqueTables: Set<UInt16>,
    wall: WallTime
  ) throws(Violation) {
    try self.checkMerge(shard)
    history.noteTimesToLive(of: shard)
    guard
      shard.arrival != self.arrival || shard.knowledge != self.knowledge
        || shard.shardVersion != self.shardVersion || shard.isTrusted != self.wasTrusted
        || shard.rowCount != self.versions.count
        || shard.origins.retired.count != self.retired.count
    else { return try self.checkBounds(shard) }
    let wasReplaced = shard.counters.replacements != self.replacements
    let isTrusted = shard.isTrusted
    if !isTrusted { self.hasGoneBack = true }
    if isTrusted != self.wasTrusted || wasReplaced && !self.wasTrusted {
      // What it knew before means nothing now: everything is looked at anew.
      self.knowledge = VersionVector()
    }
    if shard.origins.retired.count != self.retired.count {
      history.noteRetired(shard.origins.retired)
    }
    if self.shardVersion == nil, shard.id == .catalogue {
      self.unseen = history.originsNeverSeen(in: shard)
    }
    defer { self.unseen = [] }
    try self.checkRows(
      shard, against: history, uniqueTables: uniqueTables,
      mayGoBack: !isTrusted || !self.wasTrusted, wall: wall)
    try self.checkAbsence(shard, history, mayForget: !isTrusted || !self.wasTrusted)
    if isTrusted {
      try self.checkKnowledge(shard, history)
      try self.checkShardVersion(shard, history)
    }
    try self.checkStructure(shard)
    self.arrival = shard.arrival
    self.knowledge = isTrusted ? shard.knowledge : VersionVector()
    self.everKnown.merge(self.knowledge)
    self.shardVersion = shard.shardVersion
    self.issuedCounter = shard.issuedCounter
    self.wasTrusted = isTrusted
    self.replacements = shard.counters.replacements
    self.retired = shard.origins.retired
    self.forgotten = shard.forgotten
    self.noteBounds(of: shard)
  }

  /// What upkeep changes while nothing arrives: the cache is pruned, claims and tombstones are let go of.
  private func checkBounds(_ shard: borrowing Shard) throws(Violation) {
    guard
      shard.cache.prunedThrough != self.prunedThrough || shard.ahead != self.ahead
        || shard.forgotten != self.forgotten
    else { return }
    try self.checkStructure(shard)
    self.forgotten = shard.forgotten
    self.noteBounds(of: shard)
  }

  private func noteBounds(of shard: borrowing Shard) {
    self.prunedThrough = shard.cache.prunedThrough
    self.ahead = shard.ahead
  }

  // MARK: Rows: K2, K3, K4, E1

  private func checkRows(
    _ shard: borrowing Shard, against history: ShardHistory, uniqueTables: Set<UInt16>,
    mayGoBack: Bool, wall: WallTime
  ) throws(Violation) {
    guard shard.arrival != self.arrival else {
      self.rowsWritten = shard.counters.rowsWritten
      return
    }
    // What comes from its own files was taken before anyone looked.
    let latest = self.arrival == 0 ? nil : shard.latestAcceptable(wall)
    var own: [(version: ParameterVersion, row: RowKey, slot: Int, isTombstone: Bool)] = []
    for place in shard.rows(arrivedAfter: self.arrival) {
      let (rows, slot) = (shard.tables[Int(place.table)], Int(place.slot))
      let stamp = rows.stamp(at: slot)
      let row = RowKey(table: place.table, key: rows.key(at: slot))
      let version = shard.version(of: stamp)
      if let earlier = self.versions.updateValue(version, forKey: row), version < earlier,
        !mayGoBack
      {
        throw self.violation(
          .k4, "\(history.name(row)) went back from \(earlier.text) to \(version.text)")
      }
      let isOwn = version.origin == shard.incarnation
      if let latest, !isOwn, version.timestamp > latest {
        throw self.violation(
          .b1, "\(history.name(row)): \(version.text) lies beyond the future bound")
      }
      if !history.isIssued(version), isOwn || self.unseen.contains(version.origin) {
        own.append((version, row, slot, stamp.isTombstone))
      } else {
        try history.confirm(
          version, of: row, isTombstone: stamp.isTombstone,
          hash: stamp.isTombstone ? 0 : rows.hash(at: slot), form: shard.formClass)
      }
    }
    // Rows that were restored or recovered are not a client's writes, and may be issued anew.
    let isWritten = shard.counters.rowsWritten > self.rowsWritten
    self.rowsWritten = shard.counters.rowsWritten
    for issued in own.sorted(by: { $0.version < $1.version }) {
      let rows = shard.tables[Int(issued.row.table)]
      let isUnique =
        isWritten && uniqueTables.contains(issued.row.table) && !issued.isTombstone
      if !isWritten { history.noteReissue(issued.version, of: issued.row) }
      try history.issue(
        issued.version, of: issued.row, isTombstone: issued.isTombstone,
        hash: issued.isTombstone ? 0 : rows.hash(at: issued.slot), form: shard.formClass,
        value: isUnique ? rows.weightsHash(at: issued.slot) : nil)
    }
  }

  /// K1 for rows that were here and are not any more.
  private func checkAbsence(
    _ shard: borrowing Shard, _ history: ShardHistory, mayForget: Bool
  ) throws(Violation) {
    guard shard.rowCount != self.versions.count else { return }
    let gone = self.versions.filter { row, _ in
      shard.tables[Int(row.table)].slot(of: row.key) == nil
    }
    for (row, version) in gone.sorted(by: { $0.value < $1.value }) {
      self.versions[row] = nil
      guard
        mayForget || shard.origins.retired.contains(version.origin)
          || history.mayBeGone(row, version, whereHeard: { shard.hasHeard(of: $0) })
      else {
        throw self.violation(.k1, "\(history.name(row)) with \(version.text) is gone")
      }
    }
  }

  // MARK: Merges: D1

  /// A section was merged by this job, or several: what was known before it covers what the last one was
  /// asked with.
  private func checkMerge(_ shard: borrowing Shard) throws(Violation) {
    let merged = shard.counters.sectionsMerged
    defer { self.sectionsMerged = merged }
    guard merged > self.sectionsMerged, self.wasTrusted, shard.isTrusted,
      shard.counters.replacements == self.replacements, self.shardVersion != nil
    else { return }
    guard self.knowledge.dominates(shard.mergedAsked) else {
      throw self.violation(
        .d1, "\(shard.id.text): a section was merged that was asked for with more than is known")
    }
  }

  // MARK: Knowledge: K1, K2, K4

  private func checkKnowledge(
    _ shard: borrowing Shard, _ history: ShardHistory
  ) throws(Violation) {
    let own = shard.incarnation
    history.noteIssued(through: shard.knowledge[own], by: own)
    for entry in self.knowledge.entries
    where shard.knowledge[entry.origin] < entry.timestamp
      && !shard.origins.retired.contains(entry.origin)
    {
      throw self.violation(
        .k4, "\(history.shard.text): knowledge of \(entry.origin.text) went down")
    }
    for entry in shard.knowledge.entries {
      if self.unseen.contains(entry.origin) {
        history.noteIssued(through: entry.timestamp, by: entry.origin)
      }
      guard entry.timestamp <= history.latest(of: entry.origin) else {
        throw self.violation(
          .k2,
          "\(history.shard.text): knows \(entry.timestamp.rawValue)@\(entry.origin.text), "
            + "issued were \(history.latest(of: entry.origin).rawValue)")
      }
      let before = self.knowledge[entry.origin]
      for update in history.updates(
        of: entry.origin, after: before, through: entry.timestamp)
      {
        let version = ParameterVersion(timestamp: update.timestamp, origin: entry.origin)
        if let held = self.versions[update.row],
          held >= version || history.standsIn(held, for: update)
        {
          continue
        }
        // An expired row may be gone before it was given away, and then an older one stays a while.
        if history.isExpired(update.row, version) { continue }
        if self.versions[update.row] == nil,
          history.mayBeGone(update.row, version, whereHeard: { shard.hasHeard(of: $0) })
        {
          continue
        }
        throw self.violation(
          .k1,
          "\(history.name(update.row)): knowledge covers \(version.text), the row has "
            + (self.versions[update.row]?.text ?? "nothing"))
      }
    }
  }

  // MARK: Shard versions: S1, K4

  private func checkShardVersion(
    _ shard: borrowing Shard, _ history: ShardHistory
  ) throws(Violation) {
    guard shard.issuedCounter >= self.issuedCounter else {
      throw self.violation(.k4, "\(history.shard.text): the shard version's counter went down")
    }
    let version = shard.shardVersion
    let standing = ShardHistory.Standing(knowledge: shard.knowledge, ahead: shard.ahead)
    // While its rows did not count it showed its versions to nobody.
    let isNew = shard.issuedCounter > self.issuedCounter || !self.wasTrusted
    if version.issuer == shard.incarnation, isNew, version.counter == shard.issuedCounter {
      try history.issueShardVersion(version, at: standing)
    }
    guard let issued = history.standing(of: version) else {
      throw self.violation(
        .s1, "\(history.shard.text): holds \(version.text), which nobody was seen to issue")
    }
    // A joiner takes the catalogue, and with it the record, from one that has applied that already.
    guard issued.without(history.retired) == standing.without(history.retired) else {
      throw self.violation(
        .s1,
        "\(history.shard.text): holds \(version.text) and knows \(standing.text), not \(issued.text)"
      )
    }
  }

  // MARK: Structure and bounds: C1, B1

  private func checkStructure(_ shard: borrowing Shard) throws(Violation) {
    do throws(Shard.Violation) { try shard.checkInvariants() } catch {
      let invariant: Invariant =
        switch error {
        case .uncachedBeyondDominator, .dominatorBeyondClaim, .cacheOrder, .cacheEntry,
          .liveCount:
          .c1
        case .ownKnowledge: .k2
        case .rowBeyondClaim: .k1
        case .shardVersion: .s1
        case .index, .occupiedCount, .tombstoneCount: .b1
        }
      throw self.violation(invariant, "\(shard.id.text): \(error)")
    }
    guard shard.knowledge.count <= shard.originLimit + Self.latecomers else {
      throw self.violation(.b1, "\(shard.id.text): \(shard.knowledge.count) origins in knowledge")
    }
    guard shard.cache.storedCount <= 2 * shard.cache.liveCount + 64 + Self.turnLength else {
      throw self.violation(
        .b1,
        "\(shard.id.text): \(shard.cache.storedCount) cache entries, "
          + "\(shard.cache.liveCount) live")
    }
  }

  /// Origins that others admitted at the same moment.
  private static let latecomers = 16
  /// Arrivals of one job, before the cache is compacted.
  private static let turnLength = 256

  private func violation(_ invariant: Invariant, _ detail: String) -> Violation {
    Violation(invariant, "\(self.replica), \(detail)")
  }
}

extension Shard {
  /// Whether the update is known here, was a deletion and is forgotten, or is of an origin that is retired.
  fileprivate func hasHeard(of version: ParameterVersion) -> Bool {
    self.knowledge.covers(version) || self.forgotten.covers(version)
      || self.origins.retired.contains(version.origin)
  }

  /// The largest version time that is taken at `wall`, with a millisecond to spare.
  fileprivate func latestAcceptable(_ wall: WallTime) -> Timestamp {
    let bound = UInt64(self.futureBound.wholeNanoseconds / 1000) + 1000
    return Timestamp(microseconds: min(wall.microseconds + bound, 1 << 52 - 1), counter: 0xFFF)
  }
}

extension RowTable {
  /// A number for all bytes of a row.
  fileprivate func hash(at slot: Int) -> UInt64 { self.bytes(at: slot).fingerprint }

  /// A number for the weights of a row alone.
  fileprivate func weightsHash(at slot: Int) -> UInt64 {
    self.bytes(at: slot).extracting(self.layout.weightsRange).fingerprint
  }
}

extension RawSpan {
  var fingerprint: UInt64 {
    var hash: UInt64 = UInt64(self.byteCount)
    var place = 0
    while place + 8 <= self.byteCount {
      // SAFETY: eight bytes from `place` on lie within the span.
      let word = unsafe self.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self)
      hash = SplitMix64.mix(hash ^ word)
      place += 8
    }
    while place < self.byteCount {
      let byte = unsafe self.unsafeLoad(fromByteOffset: place, as: UInt8.self)
      hash = SplitMix64.mix(hash ^ UInt64(byte))
      place += 1
    }
    return hash
  }
}
