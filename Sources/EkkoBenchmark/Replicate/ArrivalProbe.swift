internal import EkkoClient
internal import EkkoCore

/// Writes one row of a cluster now and then, watches it at each replica, and logs both.
final class ArrivalProbe: Sendable {
  private let cluster: ReplicateCluster
  private let log: Guarded<ArrivalLog>
  private let isOver = Guarded(false)
  private let tasks = Guarded<[Task<Void, Never>]>([])
  private let watches: [TableChanges]

  /// Between two marks.
  private static let interval = Duration.milliseconds(5)

  static func start(_ cluster: ReplicateCluster) async throws -> ArrivalProbe {
    var watches: [TableChanges] = []
    for reader in cluster.readers {
      watches.append(
        try await reader.changes(of: ReplicateCluster.marker, in: ReplicateCluster.model))
    }
    let probe = ArrivalProbe(cluster, watches)
    probe.tasks.withLock { tasks in
      tasks = watches.enumerated().map { replica, watch in
        cluster.runtime.spawn(on: Home(index: 1)) { await probe.watch(watch, replica) }
      }
      tasks.append(cluster.runtime.spawn(on: Home(index: 1)) { await probe.write() })
    }
    return probe
  }

  private init(_ cluster: ReplicateCluster, _ watches: [TableChanges]) {
    self.cluster = cluster
    self.watches = watches
    self.log = Guarded(ArrivalLog(replicaCount: watches.count))
  }

  /// Writes no more marks, waits until all are seen, at most for `patience`, and tells what became of
  /// each.
  func stop(patience: Duration) async -> [ArrivalLog.Delay] {
    self.isOver.withLock { $0 = true }
    let deadline = ContinuousClock.now.advanced(by: patience)
    while ContinuousClock.now < deadline, !self.log.withLock(\.isComplete), !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(5))
    }
    let end = self.now
    for watch in self.watches { await watch.cancel() }
    for task in self.tasks.withLock(\.self) { await task.value }
    return self.log.withLock { $0.delays(until: end) }
  }

  private var now: UInt64 { self.cluster.runtime.clock.now().wall.microseconds }

  private func write() async {
    while !self.isOver.withLock(\.self) {
      do {
        let receipt = try await self.cluster.observer.put(
          [0], [1], to: ReplicateCluster.marker, of: ReplicateCluster.model)
        // The version's time is that of its commit at the primary.
        if let version = receipt.versions[0][0] {
          let time = version.timestamp.microseconds
          self.log.withLock { $0.noteCommit(version.timestamp.rawValue, at: time) }
        }
        try await self.cluster.runtime.clock.sleep(for: Self.interval)
      } catch {
        // One mark less; the next may be taken.
        try? await self.cluster.runtime.clock.sleep(for: Self.interval)
      }
    }
  }

  private func watch(_ changes: TableChanges, _ replica: Int) async {
    for await batch in changes {
      guard let latest = batch.changes.map(\.version.timestamp).max() else { continue }
      let time = self.now
      self.log.withLock { $0.noteSighting(latest.rawValue, at: time, replica: replica) }
    }
  }
}
