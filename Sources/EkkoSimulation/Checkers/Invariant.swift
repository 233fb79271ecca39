/// The catalogue of what must hold (DESIGN §5): what a failing seed names.
package enum Invariant: String, Hashable, Sendable, CaseIterable {
  /// Knowledge covers an update only if the row has it, or a later one; a row beyond it is noted as such.
  case k1 = "K1"
  /// Nothing is known or stored that was never issued.
  case k2 = "K2"
  /// One version, one key, one value per form.
  case k3 = "K3"
  /// Within one life knowledge, versions and counters never go down.
  case k4 = "K4"
  /// A row outside the update cache is covered by the dominator version vector.
  case c1 = "C1"
  /// An answer from the cache is that of a full scan.
  case c3 = "C3"
  /// A holder of a shard version has what its issuer had, no less and no more; each is issued once.
  case s1 = "S1"
  /// After convergence nothing moves.
  case s2 = "S2"
  /// Healed and quiet: all live replicas are equal.
  case l1 = "L1"
  /// An acknowledged update vanishes only with every state that held it; what a node has known for some
  /// time is in its files, and what these hold it begins its next life with.
  case l2 = "L2"
  /// Freshness comes back within a bound, and is told right on quiet shards.
  case l3 = "L3"
  /// When a section is merged, its asker still knows what it asked with.
  case d1 = "D1"
  /// Vectors, caches, clocks and what is told on a link stay within their bounds; dead origins leave.
  case b1 = "B1"
  /// On links without faults the cache answers, and an answer visits little more than it sends.
  case b2 = "B2"
  /// One primary applies one request once.
  case e1 = "E1"
  /// What a reader gets is what some version holds, and a session never goes back.
  case reads = "R0"
  /// The run itself: stuck, out of steps, or with tasks that nobody owns.
  case run = "run"
  /// Two runs that may differ only in cost differ in their outcome.
  case twin = "twin"
}

/// An invariant that does not hold, and where.
package struct Violation: Error, Hashable, Sendable {
  package let invariant: Invariant
  package let detail: String

  package init(_ invariant: Invariant, _ detail: String) {
    self.invariant = invariant
    self.detail = detail
  }
}
