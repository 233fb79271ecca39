internal import EkkoClient
internal import EkkoCore
internal import EkkoRecommender
internal import EkkoReplication

/// Remembers what was acknowledged, so that its loss would be noticed, and draws the sample whose
/// visibility is measured.
actor Ledger {
  private let probes: [VisibilityProbe]
  private let executor: ActorExecutor
  private var sampler: SplitMix64
  /// The latest version of each key, of all pushes but `recent`.
  private var settled: [ParameterKey: ParameterVersion] = [:]
  /// Pushes as they came: cheap to keep while time is measured.
  private var recent: [(table: TableID, keys: [UInt64], versions: [ParameterVersion?])] = []
  private var recentCount = 0

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe self.executor.unowned }

  /// One in so many (batch, shard) pairs is in the sample of updates: about 2 % of all.
  private static let samplePeriod: UInt64 = 48
  /// Updates kept as they came, at most.
  private static let recentLimit = 8 << 20

  init(probes: [VisibilityProbe], seed: UInt64, runtime: Runtime) {
    self.probes = probes
    self.sampler = SplitMix64(seed: seed)
    self.executor = runtime.executor(for: Home(index: 2))
  }

  /// Notes a push, if there was one, and hands a sample of it to the probes.
  func note(
    _ push: (updates: [TableGradients], receipt: WriteReceipt)?, in record: ModelRecord?
  ) async {
    guard let (updates, receipt) = push, let record else { return }
    var groups: [UInt32: VisibilityProbe.Group] = [:]
    let draw = self.sampler.next()
    let drawn = (0..<record.shardCount).map {
      SplitMix64.mix(draw ^ UInt64($0)) % Self.samplePeriod == 0
    }
    for (update, versions) in zip(updates, receipt.versions) {
      guard let table = record.table(named: update.table) else { continue }
      self.keep(table, update.keys, versions)
      for (key, version) in zip(update.keys, versions) {
        let parameter = ParameterKey(table: table, key: key)
        let index = ShardFunction.shardIndex(of: parameter, shardCount: record.shardCount)
        guard drawn[Int(index)], let version else { continue }
        groups[
          index,
          default: VisibilityProbe.Group(
            shard: ShardID(model: record.id, index: index), latest: version, latestKey: parameter)
        ].add(parameter, version)
      }
    }
    let sample = groups.sorted { $0.key < $1.key }.map(\.value)
    guard !sample.isEmpty else { return }
    for probe in self.probes { await probe.add(sample) }
  }

  private func keep(_ table: TableID, _ keys: [UInt64], _ versions: [ParameterVersion?]) {
    self.recent.append((table, keys, versions))
    self.recentCount += keys.count
    if self.recentCount > Self.recentLimit { self.settle() }
  }

  private func settle() {
    for (table, keys, versions) in self.recent {
      for (key, version) in zip(keys, versions) where version != nil {
        self.settled[ParameterKey(table: table, key: key)] = version
      }
    }
    self.recent = []
    self.recentCount = 0
  }

  /// The latest version of each key.
  func acknowledged() -> [ParameterKey: ParameterVersion] {
    self.settle()
    return self.settled
  }
}
