internal import EkkoCore
internal import EkkoReplication
internal import EkkoStorage

/// Measures when each update becomes readable at each replica, by looking at a shard after every job
/// that ran on it: all updates, superseded ones included, at all replicas (DESIGN §13).
// SAFETY (Sendable): touched on the simulation's thread only, see `Simulation`.
final class DelayGauge: @unchecked Sendable {
  private struct Update {
    let timestamp: Timestamp
    let committed: Int64
    /// The update of the same key before it.
    let former: Int32
    var missing: Int32
    var complete: Int64 = 0
  }

  private struct WatchedShard {
    let actor: ShardActor
    let node: Int
    var arrival: UInt64
  }

  private unowned let simulation: Simulation
  private let replicas: Int
  private let keys: Int
  private var shards: [WatchedShard] = []
  private var updates: [Update] = []
  /// The last update of each key.
  private var newest: [Int32]
  /// By node and key, the last update that is there.
  private var held: [Int32]
  /// One by one, over all replicas: what is readable `place` times the resolution after its commit.
  private(set) var delays = DelayHistogram()
  private(set) var missing = 0

  private static let none: Int32 = -1

  /// - Parameter nodes: all of them; the first is the primary.
  init(_ simulation: Simulation, nodes: [ReplicaNode], keys: Int) {
    self.simulation = simulation
    self.replicas = nodes.count - 1
    self.keys = keys
    self.newest = Array(repeating: Self.none, count: keys)
    self.held = Array(repeating: Self.none, count: keys * nodes.count)
    for (number, node) in nodes.enumerated() {
      for actor in node.shards.all where actor.id != .catalogue {
        Lane.lane(of: actor, in: simulation)?.watched = .shard(self.shards.count)
        let arrival = actor.assumeIsolated { $0.shard.arrival }
        self.shards.append(WatchedShard(actor: actor, node: number, arrival: arrival))
      }
    }
    simulation.observer = { [weak self] in self?.look(at: $0) }
  }

  var updateCount: Int { self.updates.count }

  /// Of each update, until the last replica has it.
  var latencies: DelayHistogram {
    var latencies = DelayHistogram()
    for update in self.updates where update.missing == 0 {
      latencies.add(update.complete - update.committed)
    }
    return latencies
  }

  private func look(at lane: Lane?) {
    guard case .shard(let place)? = lane?.watched else { return }
    let (node, before) = (self.shards[place].node, self.shards[place].arrival)
    // Between two jobs nobody else is on this actor.
    self.shards[place].arrival = self.shards[place].actor.assumeIsolated { actor in
      guard actor.shard.arrival != before else { return before }
      let cache = actor.shard.cache
      let rows = actor.shard.tables[0]
      for (_, entry) in cache.entries(after: before) {
        let key = Int(rows.key(at: Int(entry.slot)))
        if node == 0 {
          self.commit(entry.timestamp, of: key)
        } else {
          self.arrive(entry.timestamp, of: key, at: node)
        }
      }
      return actor.shard.arrival
    }
  }

  private func commit(_ timestamp: Timestamp, of key: Int) {
    self.updates.append(
      Update(
        timestamp: timestamp, committed: self.simulation.now, former: self.newest[key],
        missing: Int32(self.replicas)))
    self.newest[key] = Int32(self.updates.count - 1)
    self.missing += self.replicas
  }

  /// The row's version is there now, and with it all that it supersedes.
  private func arrive(_ timestamp: Timestamp, of key: Int, at node: Int) {
    let place = node * self.keys + key
    let last = self.held[place]
    var update = self.newest[key]
    while update != Self.none, self.updates[Int(update)].timestamp > timestamp {
      update = self.updates[Int(update)].former
    }
    self.held[place] = max(last, update)
    let now = self.simulation.now
    while update > last {
      let number = Int(update)
      self.delays.add(now - self.updates[number].committed)
      self.updates[number].missing -= 1
      self.missing -= 1
      if self.updates[number].missing == 0 { self.updates[number].complete = now }
      update = self.updates[number].former
    }
  }
}

/// Times counted in steps of ten microseconds.
struct DelayHistogram {
  private var counts: [Int] = []
  private(set) var count = 0
  private var sum: Int64 = 0

  private static let resolution: Int64 = 10_000
  /// Longer ones count as this long: 100 seconds.
  private static let limit = 10_000_000

  mutating func add(_ nanoseconds: Int64) {
    let place = min(Int(nanoseconds / Self.resolution), Self.limit)
    if place >= self.counts.count {
      self.counts += Array(repeating: 0, count: max(place + 1 - self.counts.count, 1024))
    }
    self.counts[place] += 1
    self.count += 1
    self.sum += nanoseconds
  }

  var mean: Duration { .nanoseconds(self.count == 0 ? 0 : self.sum / Int64(self.count)) }

  /// The time that so large a share does not exceed; zero of nothing.
  func quantile(_ share: Double) -> Duration {
    var left = Int((Double(self.count) * share).rounded(.up))
    for (place, count) in self.counts.enumerated() where count > 0 {
      left -= count
      if left <= 0 { return .nanoseconds(Int64(place) * Self.resolution) }
    }
    return .zero
  }
}
