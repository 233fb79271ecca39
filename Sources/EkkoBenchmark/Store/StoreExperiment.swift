internal import EkkoCore
internal import EkkoTransport

/// What one node makes of its memory: rows written and read at random through its shard actors,
/// beside what the memory itself can do (DESIGN §6.2, §13).
package struct StoreExperiment: Sendable {
  package var keyCount = 10_000_000
  package var rowLength = 64
  package var shardCounts: [UInt32] = [128, 1024]
  package var coreCounts = [1, 2]
  package var batchLength = 4096
  /// Batches of a run, each of other keys.
  package var batchCount = 512
  package var repeats = 5
  package var seed: UInt64 = 1

  package static let name = "store"

  package init() {}

  private var weightByteCount: Int { self.rowLength * MemoryLayout<Float>.stride }

  /// Runs every case, and hands out each figure as soon as it is there.
  package func run(report: (Measurement) throws -> Void) async throws {
    // What a virtual machine's host has yet to give is not the store's to wait for.
    MemoryLimits.touch(byteCount: 3 * self.keyCount * self.weightByteCount)
    let limits = MemoryLimits(rowCount: self.keyCount, rowByteCount: self.weightByteCount)
    try report(self.line("copy-limit", .bytesPerSecond, self.samples { limits.copies() }))
    for cores in self.coreCounts {
      for shards in self.shardCounts {
        try await self.measure(shards: shards, cores: cores, beside: limits, report)
      }
    }
  }

  private func measure(
    shards: UInt32, cores: Int, beside limits: MemoryLimits, _ report: (Measurement) throws -> Void
  ) async throws {
    let settings = [
      Measurement.Setting("shards", Int(shards)), .init("cores", cores),
      .init("keys", self.keyCount), .init("row_bytes", self.weightByteCount),
    ]
    let load = try await StoreLoad.start(self, shards: shards, cores: cores)
    // What the load itself holds is there by now.
    let before = ResidentMemory.byteCount()
    let filling = await load.fill()
    let held = ResidentMemory.byteCount() - before
    try report(
      self.line("insert", .rowsPerSecond, Samples([filling.rowsPerSecond]), settings))
    try report(
      self.line(
        "insert", .growthPauseMax, Samples([filling.longestBatch.inSeconds * 1000]), settings))
    let perRow = Double(held) / Double(self.keyCount) - Double(self.weightByteCount + 8)
    try report(self.line("insert", .overheadBytesPerRow, Samples([perRow]), settings))

    // The limit is measured again beside each run: what else the machine does hits both.
    var (writes, writeLimits, reads, readLimits) = ([Double](), [Double](), [Double](), [Double]())
    for _ in 0..<self.repeats {
      writeLimits.append(limits.randomWrites(threads: cores))
      writes.append(await load.overwrite().rowsPerSecond)
      readLimits.append(limits.randomReads(threads: cores))
      reads.append(await load.look().rowsPerSecond)
    }
    for (name, rates, limitName, limits) in [
      ("overwrite", writes, "random-write-limit", writeLimits),
      ("lookup", reads, "random-read-limit", readLimits),
    ] {
      try report(self.line(limitName, .rowsPerSecond, Samples(limits), settings))
      try report(self.line(name, .rowsPerSecond, Samples(rates), settings))
      try report(
        self.line(name, .fractionOfLimit, Samples(zip(rates, limits).map { $0 / $1 }), settings))
    }
    await load.stop()
  }

  private func samples(_ measure: () -> Double) -> Samples {
    Samples((0..<self.repeats).map { _ in measure() })
  }

  private func line(
    _ testCase: String, _ metric: Metric, _ samples: Samples, _ settings: [Measurement.Setting] = []
  ) -> Measurement {
    Measurement(Self.name, testCase, metric, samples, settings)
  }
}
