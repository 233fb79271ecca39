package import EkkoCore

/// Which link usually brings a shard's news first (Ekko §4.5). The others announce the same shard a
/// moment later; their debts wait a grace, so that rows cross one link and not all of them.
package final class PullPreferences: Sendable {
  package typealias LinkNumber = UInt64

  private struct State {
    var preferred: [ShardID: LinkNumber] = [:]
    var lastLink: LinkNumber = 0
    /// Shards being replaced whole, and by which link.
    var replacing: [ShardID: LinkNumber] = [:]
  }

  private let state = Guarded(State())

  package init() {}

  package func addLink() -> LinkNumber {
    self.state.withLock { state in
      state.lastLink += 1
      return state.lastLink
    }
  }

  /// How many links there have been.
  package var linkCount: UInt64 { self.state.withLock { $0.lastLink } }

  /// The link is gone: nobody waits for it any more.
  package func remove(_ link: LinkNumber) {
    self.state.withLock { state in
      state.preferred = state.preferred.filter { $0.value != link }
      #if PlantedBugs
        if PlantedBug.active == .replacementClaimKept { return }
      #endif
      state.replacing = state.replacing.filter { $0.value != link }
    }
  }

  /// `link` has brought news of `shard`.
  package func noteDelivery(of shard: ShardID, by link: LinkNumber) {
    self.state.withLock { $0.preferred[shard] = link }
  }

  /// Whether another link than `link` usually brings `shard`.
  package func isLeftToAnother(_ shard: ShardID, than link: LinkNumber) -> Bool {
    self.state.withLock { $0.preferred[shard].map { $0 != link } ?? false }
  }

  package func isPreferred(_ link: LinkNumber, for shard: ShardID) -> Bool {
    self.state.withLock { $0.preferred[shard] == link }
  }

  /// Takes on the replacement of a shard for `link`, unless another has it in hand.
  package func claimReplacement(of shard: ShardID, by link: LinkNumber) -> Bool {
    self.state.withLock { state in
      if let holder = state.replacing[shard] { return holder == link }
      state.replacing[shard] = link
      return true
    }
  }

  package func endReplacement(of shard: ShardID, by link: LinkNumber) {
    self.state.withLock { if $0.replacing[shard] == link { $0.replacing[shard] = nil } }
  }
}
