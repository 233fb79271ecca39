package import EkkoCore
package import EkkoStorage

/// Taking updates back that survive only in a lesser form (DESIGN §4).
extension ShardActor {
  /// What a delivery did.
  package struct Recovered: Sendable {
    package var reception: SectionReception
    /// Set when the section is over.
    package var merge: Shard.Merge?
    package var rowsIssued: UInt64 = 0
  }

  /// Issues anew what has arrived of one section, in one step, stamped with `now`, which a write
  /// ticket of the board gave.
  package func recover(
    _ delivery: Delivery, on terms: Shard.RecoveryTerms, reception: SectionReception,
    at now: Instant
  ) -> Recovered {
    self.publishing { shard in
      var recovered = Recovered(reception: reception)
      let before = shard.counters.rowsRecovered
      for (buffer, item) in delivery.items where recovered.merge == nil {
        let bytes = delivery.buffers[buffer]
        let step = shard.recover(
          item, in: bytes.span, on: terms, reception: &recovered.reception, at: now)
        if case .ended(let merge) = step { recovered.merge = merge }
      }
      recovered.rowsIssued = shard.counters.rowsRecovered - before
      return recovered
    }
  }
}
