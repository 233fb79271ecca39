package import EkkoCore

/// Where reads and writes of one node are carried out: an actor on a core loop, so that a batch crosses
/// from the caller's thread at most once, and from shard to shard of that loop for nothing.
package actor RequestDesk {
  let node: ReplicaNode
  nonisolated let home: Home
  private let executor: ActorExecutor

  nonisolated package var unownedExecutor: UnownedSerialExecutor { unsafe self.executor.unowned }

  /// Whether this desk enters the shards of `stops`, all of one home, by calls and no more. A placement
  /// gives the actors of a home one executor, or to each one of its own, as a simulation does: then the
  /// desk has to wait for its turn at each.
  func canEnter(_ stops: [ShardVisits.Stop]) -> Bool {
    stops.first?.actor.executor.isSame(as: self.executor) ?? false
  }

  fileprivate init(node: ReplicaNode, home: Home) {
    self.node = node
    self.home = home
    self.executor = node.runtime.executor(for: home)
  }
}

/// The desks of a node, one on each core loop that its shards live on.
package struct RequestDesks: Sendable {
  private let desks: [RequestDesk]

  package init(node: ReplicaNode, homes: Int) {
    self.desks = (0..<max(1, homes)).map { RequestDesk(node: node, home: Home(index: $0)) }
  }

  subscript(home: Home) -> RequestDesk { self.desks[home.index % self.desks.count] }

  /// Waits until the session's versions are here, then reads every part, each shard entered once.
  ///
  /// - Parameter home: where the caller is.
  /// - Throws: `.tooLate` if one of the versions does not come in time, or is lost.
  package func read(
    _ request: ReadRequest, until deadline: MonotonicTime, from home: Home = Home(index: 0)
  ) async throws(RequestFailure) -> ReadReply {
    try await self[home].read(request, until: deadline, with: self)
  }

  /// Applies `request` and waits until it is as durable as it asks.
  ///
  /// - Parameter home: where the caller is.
  package func write(
    _ request: WriteRequest, until deadline: MonotonicTime, from home: Home = Home(index: 0)
  ) async throws(RequestFailure) -> WriteReply {
    try await self[home].write(request, until: deadline, with: self)
  }
}

/// The shards that a request goes to, each with its number in the batch, by the loop they live on: a
/// batch goes to a loop once.
struct ShardVisits: Sendable {
  struct Stop: Sendable {
    let number: Int
    let actor: ShardActor
  }

  /// Those at home first.
  private(set) var stops: [(home: Home, stops: [Stop])] = []

  init(to actors: [ShardActor], from home: Home) {
    self.stops = [(home, [])]
    self.stops[0].stops.reserveCapacity(actors.count)
    for (number, actor) in actors.enumerated() {
      let place =
        self.stops.firstIndex { $0.home == actor.home }
        ?? {
          self.stops.append((actor.home, []))
          return self.stops.count - 1
        }()
      self.stops[place].stops.append(Stop(number: number, actor: actor))
    }
    if self.stops[0].stops.isEmpty { self.stops.removeFirst() }
  }
}
