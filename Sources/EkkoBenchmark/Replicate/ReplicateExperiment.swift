internal import EkkoCore

/// What writes cost that replicas pull: how many rows a second, how much of the primary's processor,
/// and when they are visible (DESIGN §13).
///
/// Nodes are processes of their own (`sockets`), or all in this one (`memory`); the load is the
/// client that programs use, with several writes under way. Rates count keys and weights as payload.
package struct ReplicateExperiment: Sendable {
  package var keyCount = 1_000_000
  package var rowLength = 64
  package var rowsPerWrite = 1024
  package var writesUnderWay = 8
  package var keysPerLookup = 100
  /// How long one figure is measured.
  package var window = Duration.seconds(1)
  package var repeats = 5
  package var seed: UInt64 = 1
  package var shardCount = 128
  /// The smallest should be zero: the others are told beside it.
  package var replicaCounts = [0, 1, 2]
  package var workloads = Workload.allCases
  /// A running Redis to measure beside, over its own protocol.
  package var redis: RedisAddress?
  /// Whether replication over a thin link is measured as well.
  package var usesThinLink = false

  package static let name = "replicate"
  package typealias Report = (Measurement) throws -> Void

  package init() {}

  var shape: ReplicateShape {
    ReplicateShape(
      shardCount: self.shardCount, rowLength: self.rowLength, keyCount: self.keyCount)
  }

  /// Before the first figure of a load is taken.
  var warmUp: Duration { min(.milliseconds(300), self.window) }
  static let arrivalPatience = Duration.seconds(5)

  /// Runs every case, and hands out each figure as soon as it is there.
  package func run(report: Report) async throws {
    // What cannot be measured at all is told before anything else is.
    if self.usesThinLink { try await ThinLinkExperiment.check() }
    if let redis = self.redis { try await RedisLoad(address: redis).check() }
    try await self.measureSockets(report)
    if self.workloads.contains(.unique) { try await self.measureMemory(report) }
    if let redis = self.redis {
      try await RedisReplication(self, primary: redis).run(report)
    }
    if self.usesThinLink { try await ThinLinkExperiment(self).run(report) }
  }

  func writes(_ workload: Workload) -> WriteLoad {
    WriteLoad(
      workload, self.shape, rowsPerWrite: self.rowsPerWrite, writesUnderWay: self.writesUnderWay,
      seed: self.seed)
  }

  func settings(
    _ workload: Workload, replicas: Int, loadPercent: Int
  ) -> [Measurement.Setting] {
    [
      .init("workload", workload.rawValue), .init("replicas", replicas),
      .init("load", loadPercent),
      .init("keys", workload == .hot ? Workload.hotKeyCount : self.keyCount),
      .init("rows_per_write", self.writes(of: workload)),
    ]
  }

  private func writes(of workload: Workload) -> Int {
    min(self.rowsPerWrite, workload == .hot ? Workload.hotKeyCount : self.keyCount)
  }
}

/// Runs `body` on a cluster that is stopped after it, whatever happens.
func withCluster<Value>(
  _ cluster: ReplicateCluster, _ body: (ReplicateCluster) async throws -> Value
) async throws -> Value {
  let value: Value
  do { value = try await body(cluster) } catch {
    await cluster.stop()
    throw error
  }
  await cluster.stop()
  return value
}
