internal import EkkoCore

/// So many may do something at a time. A node's scans over all links are limited like this, so that a
/// herd of askers that missed the cache does not take it away from the others (replication traps 56).
package final class Places: Sendable {
  private let free: Guarded<Int>

  package init(count: Int) { self.free = Guarded(count) }

  /// Takes a place, if one is free.
  package func take() -> Bool {
    self.free.withLock { free in
      guard free > 0 else { return false }
      free -= 1
      return true
    }
  }

  package func giveBack() { self.free.withLock { $0 += 1 } }
}
