internal import EkkoCore
internal import EkkoReplication

/// Measures when updates become visible: from commit at the primary until a replica answers a read
/// with that version or a later one (DESIGN §13), for a seeded sample of all updates.
///
/// The sample is drawn by (batch, shard): all updates of a drawn shard in a drawn batch count, each
/// with its own commit time. A replica answers for all of them at once, when it covers the latest.
actor VisibilityProbe {
  /// Updates of one shard in one batch.
  struct Group: Sendable {
    let shard: ShardID
    private(set) var latest: ParameterVersion
    private(set) var latestKey: ParameterKey
    /// Microseconds of each update's commit at its primary.
    private(set) var commits: [UInt64] = []

    init(shard: ShardID, latest: ParameterVersion, latestKey: ParameterKey) {
      self.shard = shard
      self.latest = latest
      self.latestKey = latestKey
    }

    mutating func add(_ key: ParameterKey, _ version: ParameterVersion) {
      self.commits.append(version.timestamp.microseconds)
      guard version > self.latest else { return }
      self.latest = version
      self.latestKey = key
    }
  }

  private let replica: any DemoReplica
  private let runtime: Runtime
  private let executor: ActorExecutor
  /// In milliseconds, one per update of the sample.
  private(set) var delays: [Double] = []
  /// Of the updates measured last, for the display.
  var latest: ArraySlice<Double> { self.delays.suffix(5000) }
  /// Updates that were not answered in time; they count with the time that was waited.
  private(set) var overdue = 0
  private var waiting: [Group] = []
  private var isClosed = false
  nonisolated private let wakeup = Wakeup()

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe self.executor.unowned }

  private static let patience = Duration.seconds(10)
  /// More groups than this are not measured at a time: the sample is smaller then, and says so.
  private static let capacity = 4096
  private(set) var droppedGroups = 0

  init(replica: any DemoReplica, runtime: Runtime, home: Home) {
    self.replica = replica
    self.runtime = runtime
    self.executor = runtime.executor(for: home)
  }

  func add(_ groups: [Group]) {
    for group in groups {
      if self.waiting.count < Self.capacity {
        self.waiting.append(group)
      } else {
        self.droppedGroups += 1
      }
    }
    self.wakeup.signal()
  }

  /// No more groups come; `run` returns when all are measured.
  func close() {
    self.isClosed = true
    self.wakeup.signal()
  }

  func run() async {
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled {
        for sample in self.waiting { group.addTask { await self.measure(sample) } }
        self.waiting = []
        if self.isClosed { return }
        await self.wakeup.wait()
      }
    }
  }

  private func measure(_ group: Group) async {
    let deadline = self.runtime.clock.now().monotonic.advanced(by: Self.patience)
    let isVisible = await self.replica.answers(
      group.latestKey, of: group.shard, with: group.latest, until: deadline)
    if !isVisible { self.overdue += group.commits.count }
    let now = self.runtime.clock.now().wall.microseconds
    for commit in group.commits {
      self.delays.append(max(0, Double(Int64(now) - Int64(commit)) / 1000))
    }
  }
}
