package import EkkoCore

/// The shards this replica holds, to be looked up from any task.
package final class ShardDirectory: Sendable {
  private struct State {
    var shards: [ShardID: ShardActor] = [:]
    var retirements: UInt64 = 0
  }

  private let state = Guarded(State())

  package init() {}

  package subscript(shard: ShardID) -> ShardActor? {
    self.state.withLock { $0.shards[shard] }
  }

  /// The actors of `shards`, in one look.
  package func actors(of shards: some Sequence<ShardID> & Sendable) -> [ShardActor?] {
    self.state.withLock { state in shards.map { state.shards[$0] } }
  }

  /// All of them, by shard.
  package var all: [ShardActor] {
    self.state.withLock { $0.shards.values.sorted { $0.id < $1.id } }
  }

  package func add(_ shard: ShardActor) {
    self.state.withLock { $0.shards[shard.id] = shard }
  }

  /// How many retire records have been applied to every shard (DESIGN §5.1).
  package var retirements: UInt64 {
    get { self.state.withLock { $0.retirements } }
    set { self.state.withLock { $0.retirements = newValue } }
  }
}
