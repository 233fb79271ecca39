package import EkkoCore

/// The shards this replica holds, to be looked up from any task.
package final class ShardDirectory: Sendable {
  private struct State {
    /// By shard; of most models there are all.
    var models: [ModelID: [ShardActor?]] = [:]
    /// Ascending.
    var all: [ShardActor] = []
    var retirements: UInt64 = 0

    subscript(shard: ShardID) -> ShardActor? {
      guard let held = self.models[shard.model], shard.index < held.count else { return nil }
      return held[Int(shard.index)]
    }

    mutating func add(_ shard: ShardActor) {
      var held = self.models.removeValue(forKey: shard.id.model) ?? []
      let index = Int(shard.id.index)
      while held.count <= index { held.append(nil) }
      held[index] = shard
      self.models[shard.id.model] = held
      let place = self.all.partitioningIndex { $0.id >= shard.id }
      if place < self.all.count, self.all[place].id == shard.id {
        self.all[place] = shard
      } else {
        self.all.insert(shard, at: place)
      }
    }
  }

  private let state = Guarded(State())

  package init() {}

  package subscript(shard: ShardID) -> ShardActor? {
    self.state.withLock { $0[shard] }
  }

  /// The actors of `shards`, in one look.
  package func actors(of shards: some Sequence<ShardID> & Sendable) -> [ShardActor?] {
    self.state.withLock { state in shards.map { state[$0] } }
  }

  /// The actors of some shards of one model, in one look; `nil` if one of them is not here.
  func actors(of model: ModelID, shards: [UInt32]) -> [ShardActor]? {
    self.state.withLock { state in
      let held = state.models[model] ?? []
      let found = shards.compactMap { $0 < held.count ? held[Int($0)] : nil }
      return found.count == shards.count ? found : nil
    }
  }

  /// All of them, by shard.
  package var all: [ShardActor] {
    self.state.withLock { $0.all }
  }

  package func add(_ shard: ShardActor) {
    self.state.withLock { $0.add(shard) }
  }

  /// How many retire records have been applied to every shard (DESIGN §5.1).
  package var retirements: UInt64 {
    get { self.state.withLock { $0.retirements } }
    set { self.state.withLock { $0.retirements = newValue } }
  }
}
