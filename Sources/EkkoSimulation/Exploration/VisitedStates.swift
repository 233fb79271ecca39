/// The states that were visited, by fingerprint, and what each could still do.
///
/// A state that differs from a visited one only in that it may do less needs no visit: whatever can
/// come of it comes of the other. One flat block, 16 bytes a place, and no hashing: fingerprints are
/// hashes already.
package struct VisitedStates: Sendable {
  private struct Place: Sendable {
    /// Zero marks an empty place.
    var fingerprint: UInt64 = 0
    var budget: UInt64 = 0
  }

  /// Open addressing; entries of one fingerprint lie on one way of probing.
  private var places: [Place]
  package private(set) var count = 0

  package init() { self.places = Array(repeating: Place(), count: 1 << 12) }

  /// Whether the state was visited with at least this budget.
  package func covers(_ fingerprint: UInt64, _ budget: ExplorationBudget) -> Bool {
    let value = Self.stored(fingerprint)
    var place = self.start(of: value)
    while self.places[place].fingerprint != 0 {
      if self.places[place].fingerprint == value,
        budget.isWithin(ExplorationBudget(rawValue: self.places[place].budget))
      {
        return true
      }
      place = (place + 1) & (self.places.count - 1)
    }
    return false
  }

  /// - Returns: whether the state must be visited.
  package mutating func insert(_ fingerprint: UInt64, _ budget: ExplorationBudget) -> Bool {
    guard !self.covers(fingerprint, budget) else { return false }
    self.count += 1
    if self.count * 10 > self.places.count * 7 { self.grow() }
    self.add(Place(fingerprint: Self.stored(fingerprint), budget: budget.rawValue))
    return true
  }

  private static func stored(_ fingerprint: UInt64) -> UInt64 { max(fingerprint, 1) }

  private func start(of value: UInt64) -> Int {
    Int(truncatingIfNeeded: value) & (self.places.count - 1)
  }

  private mutating func add(_ entry: Place) {
    var place = self.start(of: entry.fingerprint)
    while self.places[place].fingerprint != 0 { place = (place + 1) & (self.places.count - 1) }
    self.places[place] = entry
  }

  private mutating func grow() {
    let old = self.places
    self.places = Array(repeating: Place(), count: old.count * 2)
    for entry in old where entry.fingerprint != 0 { self.add(entry) }
  }
}

/// What a state may still do: eight counts, a byte each.
package struct ExplorationBudget: Hashable, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }

  package init(_ scope: ExplorationScope) {
    let counts = [
      scope.operations, scope.deletes, scope.pulls, scope.losses, scope.duplicates,
      scope.restarts, scope.saves, scope.prunings,
    ]
    self.rawValue = counts.reduce(0) { $0 << 8 | UInt64(min($1, 127)) }
  }

  /// Whether no count is larger than the other's.
  package func isWithin(_ other: ExplorationBudget) -> Bool {
    // With the top bit of each byte set no byte borrows from the next; it stays set where it is not
    // exceeded.
    let tops: UInt64 = 0x8080_8080_8080_8080
    return ((other.rawValue | tops) &- self.rawValue) & tops == tops
  }
}
