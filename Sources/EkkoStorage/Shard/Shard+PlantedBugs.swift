#if PlantedBugs
  package import EkkoCore

  /// What the longer ones of the planted mistakes do to a shard.
  extension Shard {
    // MARK: Answers

    /// Goes through the cache from `walk.mark` down; the walk's cursor is what is not yet visited.
    mutating func advanceNewestFirst(
      _ walk: inout Walk, selecting selection: inout Selection
    ) -> Bool {
      guard case .cache(let cursor) = walk.position else { return true }
      var next = walk.oldest == nil ? walk.mark : cursor
      let oldest = walk.oldest ?? cursor
      walk.oldest = oldest
      while let (sequence, entry) = self.cache.last(before: next + 1), sequence > oldest {
        guard selection.isEmpty || selection.remainingBytes > 0 else {
          walk.position = .cache(after: next)
          return false
        }
        let stamp = self.tables[Int(entry.table)].stamp(at: Int(entry.slot))
        self.send(stamp, table: entry.table, slot: entry.slot, of: walk, in: &selection)
        next = sequence - 1
      }
      for reference in walk.rewritten {
        let stamp = self.tables[Int(reference.table)].stamp(at: Int(reference.slot))
        if stamp.sequence != 0 {
          self.send(stamp, table: reference.table, slot: reference.slot, of: walk, in: &selection)
        }
      }
      walk.rewritten = []
      return true
    }

    private mutating func send(
      _ stamp: RowTable.Stamp, table: UInt16, slot: UInt32, of walk: Walk,
      in selection: inout Selection
    ) {
      self.counters.rowsVisited += 1
      guard !walk.isKnown(stamp) else { return }
      selection.slots[Int(table)].append(slot)
      selection.remainingBytes -= walk.rowByteCounts[Int(table)]
      selection.isEmpty = false
    }

    // MARK: Shard versions

    /// - Returns: whether that was all there is to it.
    mutating func adoptWrongly(_ end: SectionEnd, hasChanged: Bool) -> Bool {
      switch PlantedBug.active {
      case .everyShardVersionAdopted where self.knowledge == end.knowledge:
        self.shardVersion = end.shardVersion
      case .knowledgeNotCanonical where self.knowledge[self.incarnation] == .zero:
        self.issueShardVersion()
      case .adoptedWhileAhead where self.knowledge.dominates(end.knowledge):
        self.shardVersion = end.shardVersion
      default:
        return false
      }
      return true
    }

    /// Has the version just made bear the half of the incarnation that is the node's in every life.
    mutating func mislabelShardVersion() {
      guard PlantedBug.active == .shardVersionCounterLost else { return }
      self.shardVersion = ShardVersion(
        counter: self.shardVersion.counter,
        issuer: IncarnationID(rawValue: self.incarnation.rawValue & ~0xFFFF_FFFF))
    }

    package mutating func announceWrite() { self.issueShardVersion() }

    // MARK: Writes

    /// Gives out the times that `write` will take.
    package mutating func drawTimes(for write: ShardWrite, at now: Instant) -> HybridClock {
      let drawn = HybridClock(
        last: max(self.clock.last, Timestamp(microseconds: now.wall.microseconds)))
      let count = write.keyCount
      self.clock = HybridClock(last: Timestamp(rawValue: drawn.last.rawValue + UInt64(count)))
      return drawn
    }

    package mutating func write(
      _ write: ShardWrite, request: RequestID?, at now: Instant, drawn: HybridClock
    ) -> WriteOutcome {
      let present = self.clock
      self.clock = drawn
      defer { self.clock = HybridClock(last: max(present.last, self.clock.last)) }
      return self.write(write, request: request, at: now)
    }

    // MARK: Update cache

    mutating func pruneWrongly(at now: Instant) {
      let horizon = self.cache.propagation.horizon.wholeNanoseconds / 1000
      let age = min(UInt64(max(0, horizon)), now.wall.microseconds)
      let wall = Timestamp(microseconds: now.wall.microseconds - age)
      var through: UInt64?
      switch PlantedBug.active {
      case .horizonFollowsWall:
        self.wallHorizon = max(self.wallHorizon, wall)
        if now.wall.microseconds <= self.wallHorizon.microseconds { through = self.arrival }
      case .cachePrunedByVersionTime:
        for (sequence, entry) in self.cache.entries(after: 0) {
          if entry.timestamp >= wall { break }
          through = sequence
        }
      default: break
      }
      guard let through, through > 0 else { return }
      self.cache.prune(through: through)
    }

    /// Erases the present arrival of each row of which an earlier one is about to be pruned.
    mutating func eraseStaleCopies(through sequence: UInt64) {
      guard PlantedBug.active == .staleCopyPruned else { return }
      for entry in self.cache.stored(through: sequence) {
        let present = self.tables[Int(entry.table)].sequence(at: Int(entry.slot))
        if present > sequence { self.cache.noteRemoval(of: present) }
      }
    }
  }

  extension RowMemory {
    func setFirstHalf(_ row: RawSpan, at slot: Int) {
      precondition(row.byteCount == self.stride)
      self.own(slot)
      // SAFETY: both sides have `stride` bytes, checked above.
      unsafe row.withUnsafeBytes { source in
        unsafe self.row(slot).copyMemory(
          from: source.baseAddress!, byteCount: source.count / 2)
      }
    }
  }
#endif
