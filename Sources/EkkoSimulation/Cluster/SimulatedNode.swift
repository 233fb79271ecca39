internal import EkkoCore
internal import EkkoNode
internal import EkkoReplication
internal import EkkoTransport

/// A machine with one node of the cluster, through all of the node's lives.
// SAFETY (Sendable): touched on the simulation's thread only, see `Simulation`.
final class SimulatedNode: @unchecked Sendable {
  let plan: PlannedNode
  let clock: SimulatedClock
  let disk: SimulatedDisk?
  /// The present life, or the last one.
  var life: NodeLife?
  /// What the last life knew as it stopped in order, until the next has begun.
  var saved: [ShardID: VersionVector] = [:]

  init(_ plan: PlannedNode, in simulation: Simulation) {
    self.plan = plan
    self.clock = SimulatedClock(of: simulation)
    self.disk = plan.keepsFiles ? SimulatedDisk(simulation, name: plan.name) : nil
  }

  var name: String { self.plan.name }

  /// Of a second node that runs with a copy of its files.
  var cloneName: String { "clone-of-\(self.name)" }

  var endpoint: Endpoint { Self.endpoint(of: self.name) }

  static func endpoint(of name: String) -> Endpoint { Endpoint(host: name, port: 7400) }

  /// Gives it an empty disk. It must not be running.
  func wipeDisk() {
    self.disk?.wipe()
    self.saved = [:]
  }

  /// The node, while it runs.
  var store: StoreNode? {
    guard let life = self.life, !life.isOver else { return nil }
    return life.store
  }

  /// What it is at its core, while it runs.
  var replica: ReplicaNode? {
    guard let life = self.life, !life.isOver else { return nil }
    return life.replica
  }
}

/// One life of a node: one process, from its start to its death.
// SAFETY (Sendable): touched on the simulation's thread only, see `Simulation`.
final class NodeLife: @unchecked Sendable {
  let name: String
  let process: SimulatedProcess
  /// Set once the node listens.
  var store: StoreNode? {
    didSet { self.replica = self.store?.node }
  }
  /// Of `store`.
  private(set) var replica: ReplicaNode?
  var task: Task<Void, Never>?
  /// The process has died, or the node has ended in order.
  var isOver = false
  /// Where it keeps files, and how old they may be.
  var files: (disk: SimulatedDisk, age: Duration)?
  /// It began with a copy of a running node's files.
  var isClone = false
  /// A clone of it has written under its name.
  var hadRival = false
  /// Its files cannot be read, now or at all.
  var cannotStart = false
  var hasDamagedFiles = false
  let events = Events()
  /// The shards that have been seen.
  var mirrors: [(actor: ShardActor, mirror: ReplicaMirror)] = []

  /// What the node has told. Apart from the life, which holds the node.
  // SAFETY (Sendable): touched on the simulation's thread only, see `Simulation`.
  final class Events: @unchecked Sendable {
    /// Why the cluster did not take it.
    var refusal: String?
  }

  init(name: String, process: SimulatedProcess) {
    self.name = name
    self.process = process
  }

  /// The place in `mirrors` of the shard that lives on `lane`, if one does.
  func shard(on lane: Lane) -> Int? {
    switch lane.watched {
    case .nothing: return nil
    case .shard(let place): return place
    case .unknown: break
    }
    guard let replica = self.replica else { return nil }
    let actor = replica.shards.all.first {
      Lane.lane(of: $0, in: self.process.simulation) === lane
    }
    guard let actor else {
      lane.watched = .nothing
      return nil
    }
    self.mirrors.append((actor, ReplicaMirror(replica: self.name)))
    lane.watched = .shard(self.mirrors.count - 1)
    return self.mirrors.count - 1
  }

  /// What it knows of each shard that it trusts.
  var knowledge: [ShardID: VersionVector] {
    let trusted = self.mirrors.filter { $0.mirror.isTrusted }
    return Dictionary(uniqueKeysWithValues: trusted.map { ($0.actor.id, $0.mirror.knowledge) })
  }

  func mirror(of shard: ShardID) -> ReplicaMirror? {
    self.mirrors.first { $0.actor.id == shard }?.mirror
  }
}
