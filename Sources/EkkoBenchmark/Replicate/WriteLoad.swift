internal import EkkoClient
internal import EkkoCore

/// Which rows a load writes.
package enum Workload: String, CaseIterable, Sendable {
  /// Every key once, in random order, then again.
  case unique
  /// A thousand keys over and over.
  case hot

  static let hotKeyCount = 1000
}

/// Overwrites of the rows of a cluster, made before anything is measured.
struct WriteLoad: Sendable {
  /// Distinct keys within each batch.
  private let batches: [[UInt64]]
  /// The rows of each.
  private let values: [Float]
  private let rowLength: Int
  let rowsPerWrite: Int
  let writesUnderWay: Int

  init(
    _ workload: Workload, _ shape: ReplicateShape, rowsPerWrite: Int, writesUnderWay: Int,
    seed: UInt64
  ) {
    var generator = SplitMix64(seed: seed)
    switch workload {
    case .unique:
      self.rowsPerWrite = min(rowsPerWrite, shape.keyCount)
      let keys = (0..<UInt64(shape.keyCount)).shuffled(using: &generator)
      self.batches = Self.cut(keys, self.rowsPerWrite)
    case .hot:
      let hot = min(Workload.hotKeyCount, shape.keyCount)
      self.rowsPerWrite = min(rowsPerWrite, hot)
      let length = self.rowsPerWrite
      self.batches = (0..<1024).map { _ in
        Array((0..<UInt64(hot)).shuffled(using: &generator).prefix(length))
      }
    }
    self.values = Array(repeating: 1, count: self.rowsPerWrite * shape.rowLength)
    self.rowLength = shape.rowLength
    self.writesUnderWay = writesUnderWay
  }

  /// Whole batches only: the rest of the keys is filled and not overwritten.
  private static func cut(_ keys: [UInt64], _ length: Int) -> [[UInt64]] {
    (0..<(keys.count / length)).map { Array(keys[($0 * length)..<(($0 + 1) * length)]) }
  }

  /// Starts to write as many rows a second as are taken, or so many.
  func start(on cluster: ReplicateCluster, rowsPerSecond: Double? = nil) -> ClientLoad {
    ClientLoad.start(
      on: cluster.runtime, callsUnderWay: self.writesUnderWay, rowsPerCall: self.rowsPerWrite,
      rowsPerSecond: rowsPerSecond
    ) { number in
      try await cluster.writer.put(
        self.batches[number % self.batches.count], self.values, to: ReplicateCluster.rows,
        of: ReplicateCluster.model)
    }
  }

  /// Writes every key of the shape once, and waits until the replicas have them.
  func fill(_ cluster: ReplicateCluster, _ shape: ReplicateShape) async throws {
    let length = self.rowsPerWrite
    let step = length * self.writesUnderWay
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<self.writesUnderWay {
        group.addTask {
          for first in stride(from: writer * length, to: shape.keyCount, by: step) {
            try Task.checkCancellation()
            let keys = Array(UInt64(first)..<UInt64(min(first + length, shape.keyCount)))
            try await cluster.writer.put(
              keys, Array(self.values.prefix(keys.count * self.rowLength)),
              to: ReplicateCluster.rows, of: ReplicateCluster.model)
          }
        }
      }
      try await group.waitForAll()
    }
    try await cluster.replicasCatchUp(rowCount: shape.keyCount + 1)
  }
}
