package import EkkoCore
package import EkkoStorage

/// What a node can offer at this moment: shard version and knowledge of each of its shards, in the
/// order they last changed (Ekko §4.4.2, "recently modified shards").
///
/// A shard publishes here inside the step that changes it, so that whoever reads a version here
/// finds at least its rows in the shard. Held polls and held reads wait here. The board also keeps
/// `asOf` (DESIGN §5.10): per origin node the wall time through which this node has seen everything.
package final class ShardVersionBoard: Sendable {
  /// A shard as it was announced; `sequence` orders announcements within this incarnation.
  package struct Announcement: Hashable, Sendable {
    package var shard: ShardID
    package var version: ShardVersion
    package var sequence: UInt64

    package init(shard: ShardID, version: ShardVersion, sequence: UInt64) {
      self.shard = shard
      self.version = version
      self.sequence = sequence
    }
  }

  /// What changed after some sequence.
  package struct News: Hashable, Sendable {
    /// Ascending by sequence, each shard once.
    package var announcements: [Announcement] = []
    /// Everything up to here is in `announcements`.
    package var sequence: UInt64 = 0
    /// Microseconds through which this node has seen each origin node; `nil` if more news follows.
    package var asOf: [NodeID: UInt64]?

    package init() {}
  }

  package struct Entry: Sendable {
    fileprivate let shard: ShardID
    package fileprivate(set) var version: ShardVersion
    package fileprivate(set) var knowledge: VersionVector
    /// See `Shard.ahead`.
    package let ahead: VersionVector
    package let epoch: ModelEpoch
    package fileprivate(set) var sequence: UInt64
    /// The replica distrusts its rows and wants all of a peer's (DESIGN §5.1).
    package let needsReplacement: Bool
    /// See `Shard.isTrusted`.
    package let isTrusted: Bool
    /// Origins whose updates count as known everywhere, see `Shard.applyRetirement`.
    package let retired: Set<IncarnationID>

    /// Whether it waits for nothing but to know whose clock is wrong; see `Shard.settleLoaded`.
    package var awaitsClock: Bool { !self.isTrusted && !self.needsReplacement }

    /// Whether nobody who has seen `version` would miss it: it is covered, or counts as known everywhere.
    package func shows(_ version: ParameterVersion) -> Bool {
      self.knowledge.covers(version) || self.isTrusted && self.retired.contains(version.origin)
    }
  }

  /// Names a write that may have drawn its time but is not published yet.
  package struct WriteTicket: Hashable, Sendable { fileprivate let number: UInt64 }

  private let node: NodeID
  private let state = Watched<State, ShardID>(State())

  package init(node: NodeID) { self.node = node }

  // MARK: Publishing

  /// Where a shard's entry is on the board.
  package struct Place: Hashable, Sendable { fileprivate let index: Int }

  /// Announces what a shard is at first, under an ID that is new here or was another life's.
  ///
  /// - Returns: its place, and the announcement's sequence.
  package func register(_ shard: borrowing Shard) -> (place: Place, sequence: UInt64) {
    let (id, entry) = (shard.id, Entry(shard))
    return self.state.change(id) { state in
      let place = state.places[id] ?? Place(index: state.entries.count)
      if place.index == state.entries.count {
        state.places[id] = place
        state.entries.append(entry)
      }
      return (place, state.announce(entry, at: place, node: self.node))
    }
  }

  /// Announces what a shard now is. Called by its owner, in the step that changed it.
  ///
  /// - Returns: the announcement's sequence.
  package func publish(_ shard: borrowing Shard, at place: Place) -> UInt64 {
    // What a closure takes of the shard as a whole would copy all of it.
    let (id, entry) = (shard.id, Entry(shard))
    return self.state.change(id) { $0.announce(entry, at: place, node: self.node) }
  }

  /// The same where nothing but its version and its knowledge of `update` has changed.
  package func publish(
    _ version: ShardVersion, knowing update: ParameterVersion, of shard: ShardID, at place: Place
  ) -> UInt64 {
    self.state.change(shard) { state in
      state.entries[place.index].version = version
      state.entries[place.index].knowledge.observe(update)
      return state.number(place)
    }
  }

  package subscript(shard: ShardID) -> Entry? {
    self.state.read { $0.entry(of: shard) }
  }

  /// The entries of `shards`, in one look.
  package func entries(of shards: some Sequence<ShardID> & Sendable) -> [Entry?] {
    self.state.read { state in shards.map { state.entry(of: $0) } }
  }

  /// The sequence of the latest announcement.
  package var sequence: UInt64 { self.state.read { $0.sequence } }

  /// The shards that need a full replace, ascending.
  package var shardsNeedingReplacement: [ShardID] {
    self.state.read { $0.replacing.isEmpty ? [] : $0.replacing.sorted() }
  }

  /// What some shards were at one moment.
  struct Excerpt: Sendable {
    /// Of the latest announcement.
    let sequence: UInt64
    /// Ascending by shard.
    let entries: [(shard: ShardID, entry: Entry)]
    /// Whether every shard that was announced is trusted, also those that are left out.
    let isTrustedThroughout: Bool
  }

  /// Those of `shards` that were announced at all, and all that were after `sequence`, in one look.
  func excerpt(of shards: [ShardID] = [], publishedAfter sequence: UInt64 = 0) -> Excerpt {
    self.state.read { state in
      let first = state.recent.partitioningIndex { $0.sequence > sequence }
      let wanted = Set(shards).union(
        state.recent[first...].lazy.map { state.entries[$0.place.index].shard })
      return Excerpt(
        sequence: state.sequence,
        entries: wanted.sorted().compactMap { id in state.entry(of: id).map { (id, $0) } },
        isTrustedThroughout: state.distrusted.isEmpty)
    }
  }

  package func news(after sequence: UInt64, limit: Int, at now: Instant) -> News {
    self.state.update { state in
      var news = News()
      var position = state.recent.partitioningIndex { $0.sequence > sequence }
      while position < state.recent.endIndex, news.announcements.count < limit {
        let (place, changed) = state.recent[position]
        position += 1
        let entry = state.entries[place.index]
        guard entry.sequence == changed else { continue }
        news.announcements.append(
          Announcement(shard: entry.shard, version: entry.version, sequence: changed))
      }
      guard position == state.recent.endIndex else {
        news.sequence = news.announcements.last?.sequence ?? sequence
        return news
      }
      news.sequence = max(state.sequence, sequence)
      state.refreshOwn(self.node, at: now)
      news.asOf = state.asOf
      return news
    }
  }

  // MARK: Freshness

  /// This node may write from now on, so that its own time is an `asOf`. Before that it may lack what an
  /// earlier life of it wrote, or be a copy of a node that runs.
  package func becomeOrigin() { self.state.update { $0.isOrigin = true } }

  /// Opens a write: until the ticket is closed this node's own `asOf` stays below the time returned,
  /// which is the wall time to stamp with. It never lies before an `asOf` that was given out.
  package func beginWrite(at now: Instant) -> (ticket: WriteTicket, at: Instant) {
    self.state.update { state in
      state.nextTicket += 1
      let wall = max(now.wall.microseconds, state.givenOut + 1)
      state.openWrites[state.nextTicket] = wall
      let stamped = Instant(
        monotonic: now.monotonic, wall: WallTime(microseconds: min(wall, 1 << 52 - 1)),
        wallUncertainty: now.wallUncertainty)
      return (WriteTicket(number: state.nextTicket), stamped)
    }
  }

  package func endWrite(_ ticket: WriteTicket) {
    self.state.update { _ = $0.openWrites.removeValue(forKey: ticket.number) }
  }

  /// How often a shard has come to be trusted again, after which it may know less than it did.
  package var setbacks: UInt64 { self.state.read { $0.setbacks } }

  /// Takes over what a peer has seen, once everything it had announced by then is merged here; unless
  /// there was a setback since there were `setbacks`.
  package func adopt(asOf: [NodeID: UInt64], setbacks: UInt64) {
    self.state.update { state in
      guard state.setbacks == setbacks else { return }
      for (node, time) in asOf where node != self.node {
        state.asOf[node] = max(state.asOf[node] ?? 0, time)
      }
    }
  }

  /// `asOf` as it was last told or taken over: for whoever only looks.
  package var lastAsOf: [NodeID: UInt64] { self.state.read { $0.asOf } }

  package func asOf(at now: Instant) -> [NodeID: UInt64] {
    self.state.update { state in
      state.refreshOwn(self.node, at: now)
      return state.asOf
    }
  }

  // MARK: Waiting

  /// Waits until something was published after `sequence`; false when the deadline came first.
  package func waitForNews(after sequence: UInt64, until deadline: MonotonicTime) async -> Bool {
    await self.state.wait(on: nil, until: deadline) { $0.sequence > sequence }
  }

  /// Waits until this node's `shard` may be shown to who has seen `version`.
  package func wait(
    for shard: ShardID, toShow version: ParameterVersion, until deadline: MonotonicTime
  ) async -> Bool {
    await self.state.wait(on: shard, until: deadline) {
      $0.entry(of: shard)?.shows(version) ?? false
    }
  }

  /// Waits until `shard` has been published after `sequence`.
  package func wait(
    for shard: ShardID, after sequence: UInt64, until deadline: MonotonicTime
  ) async -> Bool {
    await self.state.wait(on: shard, until: deadline) {
      ($0.entry(of: shard)?.sequence ?? 0) > sequence
    }
  }

  /// Ends the waits whose deadline has passed; to be called regularly.
  package func expireWaits(at now: MonotonicTime) { self.state.expireWaits(at: now) }

  /// Ends every wait, now and from now on.
  package func close() { self.state.close() }
}

extension ShardVersionBoard {
  fileprivate struct State: Sendable {
    var sequence: UInt64 = 0
    var places: [ShardID: Place] = [:]
    var entries: [Entry] = []
    /// Ascending by sequence; an item is stale when the shard's entry has a later one.
    var recent: [(place: Place, sequence: UInt64)] = []
    var replacing: Set<ShardID> = []
    /// See `Shard.isTrusted`.
    var distrusted: Set<ShardID> = []
    var asOf: [NodeID: UInt64] = [:]
    /// Whether the own time is an `asOf`; see `becomeOrigin`.
    var isOrigin = false
    /// The largest own time that was told to anyone.
    var givenOut: UInt64 = 0
    var openWrites: [UInt64: UInt64] = [:]
    var nextTicket: UInt64 = 0
    var setbacks: UInt64 = 0

    func entry(of shard: ShardID) -> Entry? { self.places[shard].map { self.entries[$0.index] } }

    mutating func announce(_ entry: Entry, at place: Place, node: NodeID) -> UInt64 {
      if entry.isTrusted, !self.entries[place.index].isTrusted { self.noteSetback(of: node) }
      self.entries[place.index] = entry
      self.replacing.set(entry.needsReplacement, for: entry.shard)
      self.distrusted.set(!entry.isTrusted, for: entry.shard)
      return self.number(place)
    }

    /// Gives the entry the next sequence.
    mutating func number(_ place: Place) -> UInt64 {
      self.sequence += 1
      self.entries[place.index].sequence = self.sequence
      self.recent.append((place, self.sequence))
      if self.recent.count > 2 * self.entries.count + 16 { self.compact() }
      return self.sequence
    }

    /// A shard may have lost what it had of other origins: they are seen anew.
    mutating func noteSetback(of node: NodeID) {
      self.setbacks += 1
      self.asOf = self.asOf.filter { $0.key == node }
    }

    mutating func compact() {
      let entries = self.entries
      self.recent.removeAll { entries[$0.place.index].sequence != $0.sequence }
    }

    mutating func refreshOwn(_ node: NodeID, at now: Instant) {
      guard self.isOrigin else { return }
      #if PlantedBugs
        let oldest =
          PlantedBug.active == .freshnessIgnoresOpenWrites
          ? nil : self.openWrites.values.min().map { $0 - 1 }
      #else
        let oldest = self.openWrites.values.min().map { $0 - 1 }
      #endif
      let time = max(self.givenOut, min(now.wall.microseconds, oldest ?? .max))
      self.givenOut = time
      self.asOf[node] = time
    }
  }
}

extension ShardVersionBoard.Entry {
  fileprivate init(_ shard: borrowing Shard) {
    self.init(
      shard: shard.id, version: shard.shardVersion, knowledge: shard.knowledge, ahead: shard.ahead,
      epoch: shard.epoch, sequence: 0, needsReplacement: shard.mustReplace,
      isTrusted: shard.isTrusted, retired: shard.origins.retired)
  }
}

extension Set {
  fileprivate mutating func set(_ isMember: Bool, for element: Element) {
    if isMember { self.insert(element) } else { self.remove(element) }
  }
}
