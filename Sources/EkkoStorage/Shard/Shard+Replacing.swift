internal import EkkoCore

/// A full replace (DESIGN §5.1, §5.9): take all of a peer's rows, then drop what it does not have.
struct Replacement: Sendable {
  let nonce: UInt64
  /// Per table and slot that existed at the start: whether the section contained its key.
  var visited: [[Bool]]
}

extension Shard {
  /// Distrusts this replica's rows until a full replace has completed.
  package mutating func requireReplacement() { self.mustReplace = true }

  mutating func beginReplacement(nonce: UInt64) {
    self.replacement = Replacement(
      nonce: nonce, visited: self.tables.map { Array(repeating: false, count: $0.slotCount) })
  }

  @inline(__always)
  mutating func noteVisited(table: Int, slot: Int) {
    guard self.replacement != nil else { return }
    if slot < self.replacement!.visited[table].count {
      self.replacement!.visited[table][slot] = true
    }
  }

  /// Removes the rows the section did not contain, if its K covers them or their origin is retired.
  ///
  /// - Returns: false if another replacement has begun meanwhile; then nothing is done.
  mutating func finishReplacement(_ end: SectionEnd, at now: Instant) -> Bool {
    guard let replacement = self.replacement, replacement.nonce == end.nonce else { return false }
    self.replacement = nil
    for (table, visited) in replacement.visited.enumerated() {
      self.tables[table].reserve(0)
      for slot in visited.indices where !visited[slot] {
        let stamp = self.tables[table].stamp(at: slot)
        guard stamp.sequence != 0 else { continue }
        let version = self.version(of: stamp)
        if end.knowledge.covers(version) || self.origins.retired.contains(version.origin) {
          self.removeRow(table: table, slot: slot)
        }
      }
    }
    self.forgotten.merge(end.forgotten)
    self.mustReplace = false
    self.counters.replacements += 1
    return true
  }

  /// Takes a row out of its table. Its slot is reused only when no answer is being given.
  mutating func removeRow(table: Int, slot: Int) {
    self.cache.noteRemoval(of: self.tables[table].sequence(at: slot))
    self.tables[table].remove(slot)
    if self.walks.isEmpty {
      self.tables[table].recycle(slot)
    } else {
      self.deferredFrees.append(
        Walk.RowReference(table: UInt16(table), slot: UInt32(slot)))
    }
  }
}
