internal import EkkoClient
internal import EkkoCore

/// Writes one row of a cluster now and then, reads it at each replica all the time, and logs both.
final class ArrivalProbe: Sendable {
  private let cluster: ReplicateCluster
  private let key: UInt64
  private let log: Guarded<ArrivalLog>
  private let writing = StopFlag()
  private let reading = StopFlag()
  private let tasks = Guarded<[Task<Void, Never>]>([])

  /// Between two marks.
  private static let interval = Duration.milliseconds(5)
  private static let readInterval = Duration.microseconds(500)

  /// - Parameter key: of the row; another lies in another shard.
  static func start(_ cluster: ReplicateCluster, key: Int) -> ArrivalProbe {
    let probe = ArrivalProbe(cluster, key)
    probe.tasks.withLock { tasks in
      tasks = cluster.readers.indices.map { replica in
        cluster.observingRuntime.spawn(on: Home(index: 0)) { await probe.read(replica) }
      }
      tasks.append(cluster.observingRuntime.spawn(on: Home(index: 0)) { await probe.write() })
    }
    return probe
  }

  private init(_ cluster: ReplicateCluster, _ key: Int) {
    self.cluster = cluster
    self.key = UInt64(key)
    self.log = Guarded(ArrivalLog(replicaCount: cluster.readers.count))
  }

  /// Writes no more marks, waits until all are seen, at most for `patience`, and tells what became of
  /// each.
  func stop(patience: Duration) async -> [ArrivalLog.Delay] {
    self.writing.raise()
    let deadline = ContinuousClock.now.advanced(by: patience)
    while ContinuousClock.now < deadline, !self.log.withLock(\.isComplete), !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(5))
    }
    let end = self.now
    self.reading.raise()
    for task in self.tasks.withLock(\.self) { await task.value }
    return self.log.withLock { $0.delays(until: end) }
  }

  private var now: UInt64 { self.cluster.observingRuntime.clock.now().wall.microseconds }

  private func write() async {
    while !self.writing.isRaised {
      // A write that fails is one mark less; the next may be taken.
      let receipt = try? await self.cluster.observer.put(
        [self.key], [1], to: ReplicateCluster.marker, of: ReplicateCluster.model)
      // The version's time is that of its commit at the primary.
      if let version = receipt?.versions[0][0] {
        let time = version.timestamp.microseconds
        self.log.withLock { $0.noteCommit(version.timestamp.rawValue, at: time) }
      }
      try? await self.cluster.observingRuntime.clock.sleep(for: Self.interval)
    }
  }

  private func read(_ replica: Int) async {
    while !self.reading.isRaised {
      let rows = try? await self.cluster.readers[replica].get(
        [self.key], from: ReplicateCluster.marker, of: ReplicateCluster.model)
      if let version = rows?.versions[0] {
        let time = self.now
        self.log.withLock {
          $0.noteSighting(version.timestamp.rawValue, at: time, replica: replica)
        }
      }
      try? await self.cluster.observingRuntime.clock.sleep(for: Self.readInterval)
    }
  }
}
