package import EkkoCore

/// Forgetting origins that write no more (DESIGN §5.1).
extension Shard {
  /// Applies a retire record: `origin` wrote nothing after `seal`, and every member holds all of it.
  ///
  /// A shard that knows exactly that drops the id from all its vectors in one step; its rows count
  /// as known everywhere from then on. One that knows less or more cannot tell what it lacks: it
  /// takes a full replace and answers nothing meanwhile.
  ///
  /// - Returns: whether the shard could go on as it is.
  @discardableResult
  package mutating func applyRetirement(of origin: IncarnationID, seal: Timestamp) -> Bool {
    guard !self.origins.retired.contains(origin) else { return true }
    let isAtSeal = self.knowledge[origin] == seal && self.ahead[origin] == .zero
    let index = self.origins.intern(origin)
    self.origins.retire(origin)
    self.knowledge.remove(origin)
    self.ahead.remove(origin)
    self.forgotten.remove(origin)
    self.significantKnowledge.remove(origin)
    self.cache.clearDominator(origin: index)
    self.issueShardVersion()
    if !isAtSeal { self.requireReplacement() }
    return isAtSeal
  }

  /// `vector` without the origins that are retired here.
  func withoutRetired(_ vector: VersionVector) -> VersionVector {
    guard !self.origins.retired.isEmpty else { return vector }
    var vector = vector
    for entry in vector.entries where self.origins.retired.contains(entry.origin) {
      vector.remove(entry.origin)
    }
    return vector
  }
}
