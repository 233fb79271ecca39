package import EkkoCore

/// The update cache of a shard (Ekko §4.4.1): which rows arrived lately, in order of arrival, and
/// the dominator version vector (DVV) of all the others.
///
/// Two departures from Algorithm 1 (DESIGN §5.8): entries are ordered and pruned by *local arrival*
/// and never by version time, so that a relay that lags keeps its cache; and invariant (ii), which
/// only saves work, is a counter and no condition. Invariant (i) holds always:
/// **C1** for each row whose arrival is not in the cache, DVV[its origin] ≥ its time.
///
/// An entry is *live* while it names its row's latest arrival. At most twice the live entries and a
/// constant are held. Nothing here looks at a row: an entry repeats its version, and a row that arrives
/// anew marks the entry of its former arrival.
package struct UpdateCache: Sendable {
  package struct Entry: Hashable, Sendable {
    package let timestamp: Timestamp
    /// From the top: 16 bits table, 16 bits origin, 32 bits slot.
    private let row: UInt64

    package var slot: UInt32 { UInt32(truncatingIfNeeded: self.row) }
    package var table: UInt16 { UInt16(truncatingIfNeeded: self.row >> 48) }

    /// Index into the shard's table of origins.
    package var origin: UInt32 { UInt32(truncatingIfNeeded: self.row >> 32) & 0xFFFF }

    @inline(__always)
    init(table: UInt16, slot: UInt32, timestamp: Timestamp, origin: UInt32) {
      self.timestamp = timestamp
      self.row = UInt64(table) << 48 | UInt64(origin & 0xFFFF) << 32 | UInt64(slot)
    }
  }

  /// Ascending by number; none of those before `head` is held.
  private var chunks: [ArrivalChunk] = []
  private var head = 0
  /// Of those held, how many have nothing live, and so nothing at all.
  private var emptyCount = 0
  package private(set) var liveCount = 0
  /// Of the entries held, those among them that are not live any more.
  package private(set) var storedCount = 0
  /// Every row whose latest arrival is at or before this sequence has left the cache.
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

  // MARK: Arrivals

  /// Notes that rows arrived under the sequences from `first` on.
  ///
  /// - Parameter replaced: their former arrivals; zero for a row that was not there.
  mutating func append(
    _ entries: Span<Entry>, replacing replaced: Span<UInt64>, from first: UInt64
  ) {
    var (done, sequence) = (0, first)
    while done < entries.count {
      let part = min(entries.count - done, ArrivalChunk.length - Int(sequence & 63))
      let number = ArrivalChunk.number(of: sequence)
      if self.chunks.last?.number != number {
        self.chunks.append(ArrivalChunk(number: number))
      } else if self.chunks[self.chunks.count - 1].live == 0 {
        // It was emptied before it was full.
        self.emptyCount -= 1
      }
      self.chunks[self.chunks.count - 1].append(
        entries.extracting(done..<(done + part)), from: sequence)
      done += part
      sequence += UInt64(part)
    }
    self.liveCount += entries.count
    self.storedCount += entries.count
    self.noteRemovals(of: replaced)
  }

  /// As `noteRemoval`, of many.
  private mutating func noteRemovals(of sequences: Span<UInt64>) {
    var done = 0
    while true {
      done += self.markRemovals(of: sequences.extracting(done...))
      guard done < sequences.count else { return }
      self.noteRemoval(of: sequences[done])
      done += 1
    }
  }

  /// The same of what takes least: up to one whose chunk has to be searched for, or holds no other.
  ///
  /// - Returns: of how many.
  private mutating func markRemovals(of sequences: Span<UInt64>) -> Int {
    let (head, pruned) = (self.head, self.prunedThrough)
    var removed = 0
    let done = unsafe self.chunks.withUnsafeMutableBufferPointer { chunks in
      guard head < chunks.count, let first = chunks.baseAddress else { return 0 }
      // Mostly no chunk is missing between the one and the last.
      let last = unsafe first + chunks.count - 1
      let (newest, held) = unsafe (last.pointee.number, UInt64(chunks.count - 1 - head))
      for place in sequences.indices {
        let sequence = sequences[place]
        guard sequence > pruned else { continue }
        let number = ArrivalChunk.number(of: sequence)
        let back = newest &- number
        // SAFETY: no more places back than there are from the head to the last.
        guard back <= held,
          unsafe (last - Int(truncatingIfNeeded: back)).pointee
            .removeOneOfMany(sequence, number: number)
        else { return place }
        removed &+= 1
      }
      return sequences.count
    }
    self.liveCount -= removed
    return done
  }

  /// The row whose latest arrival was `sequence` is gone, or has arrived anew; zero for a row that was
  /// not there.
  @inline(__always)
  package mutating func noteRemoval(of sequence: UInt64) {
    guard sequence > self.prunedThrough,
      let place = self.place(of: ArrivalChunk.number(of: sequence)),
      let released = self.chunks[place].remove(sequence)
    else { return }
    self.liveCount -= 1
    if released > 0 {
      self.storedCount -= released
      self.emptyCount += 1
    }
  }

  /// Where the chunk `number` is. Mostly none is missing between it and the last.
  @inline(__always)
  private func place(of number: UInt64) -> Int? {
    guard let last = self.chunks.last?.number, number <= last else { return nil }
    let place = self.chunks.count &- 1 &- Int(truncatingIfNeeded: last &- number)
    if place >= self.head, self.chunks[place].number == number { return place }
    return self.search(for: number)
  }

  private func search(for number: UInt64) -> Int? {
    let place = self.firstPlace(from: number)
    return place < self.chunks.count && self.chunks[place].number == number ? place : nil
  }

  /// Where the first chunk is whose number is at least `number`. O(log n).
  private func firstPlace(from number: UInt64) -> Int {
    var (low, high) = (self.head, self.chunks.count)
    while low < high {
      let middle = (low + high) / 2
      if self.chunks[middle].number < number { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Remembers when a batch of arrivals ended, for pruning by age.
  package mutating func noteArrivals(through sequence: UInt64, at time: MonotonicTime) {
    let spacing = max(1_000_000, self.propagation.horizonNanoseconds / Self.marksPerHorizon)
    if let last = self.arrivals.last, self.arrivals.count > self.unprunedHead,
      time.nanoseconds - last.time.nanoseconds < spacing
    {
      self.arrivals[self.arrivals.count - 1].sequence = sequence
    } else {
      self.arrivals.append((time, sequence))
    }
  }

  private static let marksPerHorizon: Int64 = 1000
  /// For how many times D_prop an arrival's time is known after the arrival was pruned.
  private static let horizonsRemembered: Int64 = 3

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

  /// Whether an asker whose knowledge is `bounds` (by origin index) can be answered from the cache.
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

  // MARK: Entries

  /// Hands out the live entries after `sequence`, in order of arrival, until `body` answers false.
  @inline(__always)
  func forEach(after sequence: UInt64, _ body: (UInt64, Entry) -> Bool) {
    var place = self.firstPlace(from: ArrivalChunk.number(of: sequence + 1))
    let chunks = self.chunks.span
    while place < chunks.count {
      guard chunks[place].forEach(after: sequence, body) else { return }
      place += 1
    }
  }

  /// The live entries after `sequence`, in order of arrival.
  package func entries(after sequence: UInt64) -> [(sequence: UInt64, entry: Entry)] {
    var found: [(sequence: UInt64, entry: Entry)] = []
    self.forEach(after: sequence) {
      found.append(($0, $1))
      return true
    }
    return found
  }

  /// Whether the arrival `sequence` is its row's latest, and not pruned.
  package func contains(_ sequence: UInt64) -> Bool {
    guard let place = self.place(of: ArrivalChunk.number(of: sequence)) else { return false }
    return self.chunks[place].holds(sequence)
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
    let forgotten =
      horizon.nanoseconds - self.propagation.horizonNanoseconds * Self.horizonsRemembered
    while self.arrivalsHead < self.unprunedHead,
      self.arrivals[self.arrivalsHead].time.nanoseconds < forgotten
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

  /// Erases the entries up to `sequence`. The version of each live one goes into the DVV *before*
  /// its entry goes, in this one step.
  mutating func prune(through sequence: UInt64) {
    #if PlantedBugs
      self.raiseLateDominator()
    #endif
    while self.head < self.chunks.count,
      self.chunks[self.head].number <= ArrivalChunk.number(of: sequence)
    {
      var chunk = ArrivalChunk(number: self.chunks[self.head].number)
      swap(&chunk, &self.chunks[self.head])
      let wasEmpty = chunk.live == 0
      let removed = chunk.removeFirst(through: sequence) { _, entry in
        self.dominate(entry)
      }
      self.liveCount -= removed.live
      self.storedCount -= removed.stored
      let (isEmpty, isPast) = (chunk.live == 0, chunk.isPast(sequence))
      swap(&chunk, &self.chunks[self.head])
      self.emptyCount += (isEmpty && !isPast ? 1 : 0) - (wasEmpty ? 1 : 0)
      guard isPast else { break }
      self.head += 1
    }
    self.prunedThrough = max(self.prunedThrough, sequence)
    if self.head > 64, self.head * 2 > self.chunks.count {
      self.chunks.removeFirst(self.head)
      self.head = 0
    }
  }

  /// No row outside the cache has a later version than the DVV says: this one is about to leave.
  private mutating func dominate(_ entry: Entry) {
    #if PlantedBugs
      if PlantedBug.active == .erasedBeforeDominator {
        self.lateDominator.append((entry.origin, entry.timestamp))
        return
      }
    #endif
    self.raiseDominator(origin: entry.origin, to: entry.timestamp)
  }

  package var needsCompaction: Bool {
    #if PlantedBugs
      if PlantedBug.active == .cacheNeverCompacted { return false }
    #endif
    return self.storedCount > 2 * self.liveCount + 64
      || 2 * self.emptyCount > self.chunks.count - self.head + 16
  }

  /// Drops entries that are not live. Order and sequences stay, so open walks are not disturbed.
  mutating func compact() {
    var kept: [ArrivalChunk] = []
    kept.reserveCapacity(self.chunks.count - self.head - self.emptyCount)
    for place in self.head..<self.chunks.count where self.chunks[place].live != 0 {
      self.chunks[place].compact()
      kept.append(self.chunks[place])
    }
    (self.chunks, self.head, self.emptyCount) = (kept, 0, 0)
    self.storedCount = self.liveCount
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

    /// The last live arrival before `sequence`.
    func last(before sequence: UInt64) -> (sequence: UInt64, entry: Entry)? {
      self.chunks[self.head...].reversed().lazy.compactMap { $0.last(before: sequence) }.first
    }

    /// Those up to `sequence` that are held, live or not.
    func stored(through sequence: UInt64) -> [Entry] {
      self.chunks[self.head...].flatMap { $0.stored(through: sequence) }
    }
  }
#endif
