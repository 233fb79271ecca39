package import EkkoCore

/// The update cache of a shard (Ekko §4.4.1): which rows arrived lately, in order of arrival, and
/// the dominator version vector (DVV) of all the others.
///
/// Two departures from Algorithm 1 (DESIGN §5.8): entries are ordered and pruned by *local arrival*
/// and never by version time, so that a relay that lags keeps its cache; and invariant (ii), which
/// only saves work, is a counter and no condition. Invariant (i) holds always:
/// **C1** for each row whose arrival is not in the ring, DVV[its origin] ≥ its time.
///
/// An entry is *live* while it names its row's latest arrival. The ring holds at most twice the
/// live entries and a constant.
package struct UpdateCache: Sendable {
  package struct Entry: Hashable, Sendable {
    package let sequence: UInt64
    package let slot: UInt32
    package let table: UInt16
  }

  private var ring: [Entry] = []
  private var head = 0
  package private(set) var liveCount = 0
  /// Every row whose latest arrival is at or before this sequence has left the ring.
  package private(set) var prunedThrough: UInt64 = 0
  /// The DVV, by index in the shard's table of origins; absent means zero.
  package private(set) var dominator: [UInt64] = []
  /// When arrivals happened: ascending, some thousand marks.
  private var arrivals: [(time: MonotonicTime, sequence: UInt64)] = []
  private var arrivalsHead = 0
  /// The first of them that has not been pruned by. Those before it are kept for a while, to measure a
  /// propagation that takes longer than D_prop.
  private var unprunedHead = 0
  package var propagation: PropagationEstimate
  #if PlantedBugs
    private var lateDominator: [(origin: UInt32, timestamp: Timestamp)] = []
  #endif

  package init(propagation: PropagationEstimate = PropagationEstimate()) {
    self.propagation = propagation
  }

  package var entries: ArraySlice<Entry> { self.ring[self.head...] }

  /// Notes that the row in (table, slot) arrived as `sequence`, its previous arrival being
  /// `replaced` (zero for a new row).
  @inline(__always)
  package mutating func append(
    table: UInt16, slot: UInt32, sequence: UInt64, replaced: UInt64
  ) {
    self.ring.append(Entry(sequence: sequence, slot: slot, table: table))
    self.noteRemoval(of: replaced)
    self.liveCount += 1
  }

  /// The row whose latest arrival was `sequence` is gone or about to arrive anew.
  @inline(__always)
  package mutating func noteRemoval(of sequence: UInt64) {
    if sequence > self.prunedThrough { self.liveCount -= 1 }
  }

  /// Remembers when a batch of arrivals ended, for pruning by age.
  package mutating func noteArrivals(through sequence: UInt64, at time: MonotonicTime) {
    let spacing = max(.milliseconds(1), self.propagation.horizon / Self.marksPerHorizon)
    if let last = self.arrivals.last, self.arrivals.count > self.unprunedHead,
      last.time.duration(to: time) < spacing
    {
      self.arrivals[self.arrivals.count - 1].sequence = sequence
    } else {
      self.arrivals.append((time, sequence))
    }
  }

  private static let marksPerHorizon = 1000
  /// For how many times D_prop an arrival's time is known after the arrival was pruned.
  private static let horizonsRemembered = 3

  /// The age at `now` of the first arrival after `sequence`, if that arrival is still known.
  package func age(ofFirstArrivalAfter sequence: UInt64, at now: MonotonicTime) -> Duration? {
    let known = self.arrivals[self.arrivalsHead...]
    guard let first = known.first(where: { $0.sequence > sequence }) else { return nil }
    return first.time.duration(to: now)
  }

  package mutating func raiseDominator(origin: UInt32, to timestamp: Timestamp) {
    let place = Int(origin)
    while self.dominator.count <= place { self.dominator.append(0) }
    self.dominator[place] = max(self.dominator[place], timestamp.rawValue)
  }

  /// Forgets the DVV: whoever calls this makes it anew, in the same step.
  mutating func clearDominator() { self.dominator = [] }

  package mutating func clearDominator(origin: UInt32) {
    self.lowerDominator(origin: origin, to: .zero)
  }

  /// No row is newer than the bound of its origin.
  mutating func lowerDominator(to bounds: [UInt64]) {
    for index in self.dominator.indices {
      self.dominator[index] = min(self.dominator[index], bounds[index])
    }
  }

  /// No row of `origin` is newer than `timestamp`.
  mutating func lowerDominator(origin: UInt32, to timestamp: Timestamp) {
    guard Int(origin) < self.dominator.count else { return }
    self.dominator[Int(origin)] = min(self.dominator[Int(origin)], timestamp.rawValue)
  }

  /// Whether an asker whose knowledge is `bounds` (by origin index) can be answered from the ring.
  package func isHit(bounds: [UInt64]) -> Bool {
    for (origin, bound) in self.dominator.enumerated() where bound > 0 {
      #if PlantedBugs
        if PlantedBug.active == .hitTestSkipsUnknownOrigins,
          origin >= bounds.count || bounds[origin] == 0
        {
          continue
        }
      #endif
      if origin >= bounds.count || bounds[origin] < bound { return false }
    }
    return true
  }

  /// The position in `entries` of the first entry after `sequence`. O(log n).
  package func firstPosition(after sequence: UInt64) -> Int {
    var low = self.head
    var high = self.ring.count
    while low < high {
      let middle = (low + high) / 2
      if self.ring[middle].sequence <= sequence { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Whether the ring holds an entry for the arrival `sequence`. O(log n).
  package func contains(_ sequence: UInt64) -> Bool {
    let position = self.firstPosition(after: sequence - 1)
    return position < self.ring.count && self.ring[position].sequence == sequence
  }

  // MARK: Pruning (Algorithm 1, PruneCache)

  /// The newest sequence that arrived before `horizon`, if it was not asked for before.
  package mutating func sequence(before horizon: MonotonicTime) -> UInt64? {
    var newest: UInt64?
    while self.unprunedHead < self.arrivals.count,
      self.arrivals[self.unprunedHead].time < horizon
    {
      newest = self.arrivals[self.unprunedHead].sequence
      self.unprunedHead += 1
    }
    let forgotten = horizon.advanced(
      by: .zero - self.propagation.horizon * Self.horizonsRemembered)
    while self.arrivalsHead < self.unprunedHead,
      self.arrivals[self.arrivalsHead].time < forgotten
    {
      self.arrivalsHead += 1
    }
    if self.arrivalsHead > 64, self.arrivalsHead * 2 > self.arrivals.count {
      self.arrivals.removeFirst(self.arrivalsHead)
      self.unprunedHead -= self.arrivalsHead
      self.arrivalsHead = 0
    }
    return newest
  }

  /// How many entries ahead a row is fetched into the processor's cache.
  private static let lookAhead = 16

  /// Erases the entries up to `sequence`. The version of each live one goes into the DVV *before*
  /// its entry goes, in this one step.
  mutating func prune(through sequence: UInt64, of rows: inout RowCursor) {
    #if PlantedBugs
      self.raiseLateDominator()
    #endif
    while self.head < self.ring.count, self.ring[self.head].sequence <= sequence {
      let entry = self.ring[self.head]
      self.prefetch(self.head + Self.lookAhead, of: rows)
      let current = rows.stamp(table: Int(entry.table), slot: Int(entry.slot))
      if current.sequence == entry.sequence {
        #if PlantedBugs
          if PlantedBug.active == .erasedBeforeDominator {
            self.lateDominator.append((current.origin, current.timestamp))
          } else {
            self.raiseDominator(origin: current.origin, to: current.timestamp)
          }
        #else
          self.raiseDominator(origin: current.origin, to: current.timestamp)
        #endif
        self.liveCount -= 1
      }
      #if PlantedBugs
        if PlantedBug.active == .staleCopyPruned { self.erase(current.sequence) }
      #endif
      self.head += 1
    }
    self.prunedThrough = max(self.prunedThrough, sequence)
    if self.head > 64, self.head * 2 > self.ring.count {
      self.ring.removeFirst(self.head)
      self.head = 0
    }
  }

  package var needsCompaction: Bool {
    #if PlantedBugs
      if PlantedBug.active == .cacheNeverCompacted { return false }
    #endif
    return self.ring.count - self.head > 2 * self.liveCount + 64
  }

  /// Drops entries that are not live. Order and sequences stay, so open walks are not disturbed.
  mutating func compact(against rows: inout RowCursor) {
    var kept: [Entry] = []
    kept.reserveCapacity(self.liveCount * 2 + 64)
    for position in self.head..<self.ring.count {
      let entry = self.ring[position]
      self.prefetch(position + Self.lookAhead, of: rows)
      if rows.sequence(table: Int(entry.table), slot: Int(entry.slot)) == entry.sequence {
        kept.append(entry)
      }
    }
    self.ring = kept
    self.head = 0
  }

  @inline(__always)
  private func prefetch(_ position: Int, of rows: RowCursor) {
    guard position < self.ring.count else { return }
    let entry = self.ring[position]
    rows.prefetchHead(table: Int(entry.table), slot: Int(entry.slot))
  }
}

#if PlantedBugs
  extension UpdateCache {
    fileprivate mutating func raiseLateDominator() {
      for late in self.lateDominator {
        self.raiseDominator(origin: late.origin, to: late.timestamp)
      }
      self.lateDominator = []
    }

    /// Takes a later arrival out of the ring, if it is there.
    fileprivate mutating func erase(_ sequence: UInt64) {
      // Of a row that is gone there is no later arrival.
      guard sequence > 0 else { return }
      let place = self.firstPosition(after: sequence - 1)
      guard place > self.head, place < self.ring.count, self.ring[place].sequence == sequence else {
        return
      }
      self.ring.remove(at: place)
    }
  }
#endif
