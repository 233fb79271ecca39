internal import EkkoCore

/// A full replace (DESIGN §5.1, §5.9): take all of a peer's rows, then drop what it does not have.
struct Replacement: Sendable {
  var nonce: UInt64
  /// Per table and slot: whether the section contained its key.
  private var visited: [[Bool]]

  init(nonce: UInt64, tableCount: Int) {
    self.nonce = nonce
    self.visited = Array(repeating: [], count: tableCount)
  }

  func hasVisited(table: Int, slot: Int) -> Bool {
    table < self.visited.count && slot < self.visited[table].count && self.visited[table][slot]
  }

  mutating func note(table: Int, slot: Int, isVisited: Bool) {
    while self.visited.count <= table { self.visited.append([]) }
    let missing = slot + 1 - self.visited[table].count
    if missing > 0 {
      self.visited[table].append(contentsOf: repeatElement(false, count: missing))
    }
    self.visited[table][slot] = isVisited
  }
}

extension Shard {
  /// The section that is replacing this shard's rows, if one is.
  package var replacementNonce: UInt64? { self.replacement?.nonce }

  /// Distrusts this replica's rows until a full replace has completed, one that starts after this.
  package mutating func requireReplacement() {
    self.mustReplace = true
    if self.replacement != nil { self.counters.replacementsBrokenOff += 1 }
    self.replacement = nil
    self.dropWalks()
  }

  /// - Returns: false if the section goes on with a replacement that is not under way any more.
  mutating func beginReplacement(of reception: SectionReception) -> Bool {
    guard let resumed = reception.resumed else {
      if self.replacement != nil { self.counters.replacementsBrokenOff += 1 }
      self.counters.replacementsBegun += 1
      if self.mustReplace {
        self.counters.replacementsOfDistrusted += 1
      } else {
        self.counters.replacementsBelowForgotten += 1
      }
      self.replacement = Replacement(nonce: reception.nonce, tableCount: self.tables.count)
      return true
    }
    guard self.replacement?.nonce == resumed else { return false }
    self.replacement?.nonce = reception.nonce
    self.counters.replacementsResumed += 1
    return true
  }

  @inline(__always)
  mutating func noteVisited(table: Int, slot: Int) {
    self.replacement?.note(table: table, slot: slot, isVisited: true)
  }

  /// Removes the rows the section did not contain, if its K covers them or their origin is retired.
  ///
  /// A replica that distrusted its rows then knows what the section's end says and its own writes,
  /// no more; rows it holds beyond that are noted as such.
  ///
  /// - Returns: false if another replacement has begun meanwhile; then nothing is done.
  mutating func finishReplacement(_ end: SectionEnd) -> Bool {
    guard let replacement = self.replacement, replacement.nonce == end.nonce else { return false }
    self.replacement = nil
    var kept = VersionVector()
    for table in self.tables.indices {
      self.tables[table].makeExclusive()
      for slot in 0..<self.tables[table].slotCount {
        let stamp = self.tables[table].stamp(at: slot)
        guard stamp.sequence != 0 else { continue }
        let version = self.version(of: stamp)
        let isRetired = self.origins.isRetired(stamp.origin)
        if replacement.hasVisited(table: table, slot: slot) {
          if !isRetired { kept.observe(version) }
        } else if self.isToBeRemoved(version, isRetired: isRetired, by: end) {
          self.removeRow(table: table, slot: slot)
          self.counters.rowsReplacedAway += 1
        } else {
          kept.observe(version)
        }
      }
    }
    self.compactCache()
    self.releaseEmptied()
    self.forgotten.merge(end.forgotten)
    self.dropWalksBelowForgotten()
    if self.mustReplace {
      self.knowledge = self.knowledge.restricted(to: self.incarnation)
      self.ahead = kept
      self.cache.lowerDominator(to: self.origins.bounds(of: kept))
      self.mustReplace = false
    }
    self.counters.replacements += 1
    return true
  }

  /// Whether a row that is not in the section is one that the peer knows to be gone.
  private func isToBeRemoved(
    _ version: ParameterVersion, isRetired: Bool, by end: SectionEnd
  ) -> Bool {
    #if PlantedBugs
      if PlantedBug.active == .replacementRemovesTooMuch { return true }
      if PlantedBug.active == .replacementRemovesTooLittle { return false }
    #endif
    return isRetired || end.knowledge.covers(version)
  }

  /// Takes a row out of its table. Its slot is reused only when no answer is being given.
  mutating func removeRow(table: Int, slot: Int) {
    let stamp = self.tables[table].stamp(at: slot)
    self.cache.noteRemoval(of: stamp.sequence)
    if stamp.isTombstone { self.tombstoneCount -= 1 }
    self.tables[table].remove(slot)
    self.replacement?.note(table: table, slot: slot, isVisited: false)
    if self.walks.isEmpty {
      self.tables[table].recycle(slot)
    } else {
      self.deferredFrees.append(
        Walk.RowReference(table: UInt16(table), slot: UInt32(slot)))
    }
  }

  /// Gives back the memory that removed rows have left; see `RowTable.releaseEmptied`.
  mutating func releaseEmptied() {
    for table in self.tables.indices { self.tables[table].releaseEmptied() }
  }
}

extension VersionVector {
  /// The entry of `origin` alone.
  fileprivate func restricted(to origin: IncarnationID) -> VersionVector {
    VersionVector([ParameterVersion(timestamp: self[origin], origin: origin)])
  }
}
