internal import EkkoCore
package import EkkoReplication
internal import EkkoStorage
internal import EkkoTransport

/// Measures how a node is doing, for `status` and `lag`.
package actor Reporter: NodeReporter {
  private let node: ReplicaNode
  private let replica: Replica
  private let executor: ActorExecutor
  /// Lags in milliseconds by model, the latest minute of them.
  private var samples: [String: [Double]] = [:]

  nonisolated package var unownedExecutor: UnownedSerialExecutor { unsafe self.executor.unowned }

  private static let interval = Duration.milliseconds(100)
  private static let sampleLimit = 600

  init(node: ReplicaNode, replica: Replica) {
    self.node = node
    self.replica = replica
    self.executor = node.runtime.executor(for: Home(index: 0))
  }

  /// Samples the lag until cancelled.
  func run() async {
    while (try? await self.node.clock.sleep(for: Self.interval)) != nil {
      for model in self.node.catalogue.modelsByName {
        guard let lag = self.lag(of: model) else { continue }
        var known = self.samples[model.name] ?? []
        if known.count == Self.sampleLimit { known.removeFirst() }
        known.append(lag)
        self.samples[model.name] = known
      }
    }
  }

  /// How far this node is behind the model's slowest-heard primary, in milliseconds; `nil` if one of
  /// them has not been heard of.
  private func lag(of model: ModelRecord) -> Double? {
    let now = self.node.clock.now()
    let asOf = self.node.board.asOf(at: now)
    var worst = 0.0
    for primary in model.trainingNodes {
      guard let seen = asOf[primary] else { return nil }
      worst = max(worst, Double(Int64(now.wall.microseconds) - Int64(seen)) / 1000)
    }
    return worst
  }

  package func lag() async -> NodeLag {
    NodeLag(
      name: self.node.identity.name, dataCentre: self.node.dataCentre,
      models: self.node.catalogue.modelsByName.map { model in
        let sorted = (self.samples[model.name] ?? []).sorted()
        return NodeLag.Model(
          name: model.name, now: self.lag(of: model), median: sorted.quantile(0.5),
          p99: sorted.quantile(0.99))
      })
  }

  package func status(withDigests: Bool) async -> NodeStatus {
    var models: [NodeStatus.Model] = []
    var hits: UInt64 = 0
    var misses: UInt64 = 0
    for model in self.node.catalogue.modelsByName {
      var rows = 0
      var digest = ModelDigest()
      for shard in self.node.shards.actors(of: model.shards) {
        guard let summary = await shard?.summary(withDigest: withDigests) else { continue }
        rows += summary.rowCount
        digest.add(summary.digest ?? 0)
        hits += summary.propagation.hits
        misses += summary.propagation.misses
      }
      models.append(
        NodeStatus.Model(
          name: model.name, shards: model.shardCount, rows: UInt64(rows),
          digest: withDigests ? digest.value : nil))
    }
    var tally = PullTally()
    var reachable = 0
    let peers = await self.replica.peers
    for peer in peers {
      tally.add(await peer.tally())
      if await peer.isConnected { reachable += 1 }
    }
    var isUnfit = false
    if case .unfit = self.node.clockVerdict { isUnfit = true }
    return NodeStatus(
      name: self.node.identity.name, dataCentre: self.node.dataCentre,
      roles: self.node.identity.roles.rawValue, models: models,
      peersReachable: UInt32(reachable), peers: UInt32(peers.count),
      receivedBytes: UInt64(tally.receivedBytes), cacheHits: hits, cacheMisses: misses,
      announcements: tally.announcements, skipped: tally.skipped,
      isClockUnfit: isUnfit)
  }
}

/// The digest of a model: over the digests of its shards, in their order.
package struct ModelDigest {
  private var hash = XXH64()

  package init() {}

  package mutating func add(_ shard: UInt64) {
    var writer = ByteWriter(reservingCapacity: 8)
    writer.write(shard)
    unsafe self.hash.update(writer.bytes.span.bytes)
  }

  package var value: UInt64 { self.hash.finalize() }
}

extension [Double] {
  /// The value below which the fraction `q` of a sorted array lies.
  package func quantile(_ q: Double) -> Double? {
    guard !self.isEmpty else { return nil }
    return self[Swift.min(self.count - 1, Int(q * Double(self.count)))]
  }
}
