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
  package var cache = CacheLoad()

  package static let name = "store"

  package init() {}

  /// What a row may take beside its weights, and what of that is used up before all rows are there.
  private static let spareByteCount = 96

  private var weightByteCount: Int { self.rowLength * MemoryLayout<Float>.stride }

  /// Runs every case, and hands out each figure as soon as it is there.
  package func run(report: (Measurement) throws -> Void) async throws {
    let limits = MemoryLimits(rowCount: self.keyCount, rowByteCount: self.weightByteCount)
    try report(self.line("copy-limit", .bytesPerSecond, self.samples { _ in limits.copies() }))
    var overwrites: [OverwriteRates] = []
    for cores in self.coreCounts {
      for shards in self.shardCounts {
        overwrites.append(
          try await self.measure(shards: shards, cores: cores, beside: limits, report))
      }
    }
    try self.reportScaling(overwrites, report)
    try self.measureCache(report)
  }

  /// What was overwritten a second, beside the limit, run by run.
  private struct OverwriteRates {
    let shards: UInt32
    let cores: Int
    let rates: [Double]
    let limits: [Double]
  }

  /// Whether the store gains as much by a second core as the memory itself, where both were measured.
  private func reportScaling(
    _ overwrites: [OverwriteRates], _ report: (Measurement) throws -> Void
  ) throws {
    for one in overwrites where one.cores == 1 {
      guard let two = overwrites.first(where: { $0.cores == 2 && $0.shards == one.shards }) else {
        continue
      }
      let scaling = self.samples { run in
        (two.rates[run] / one.rates[run]) / (two.limits[run] / one.limits[run])
      }
      try report(
        self.line(
          "overwrite", .scalingOfLimit, scaling, self.settings(shards: two.shards, cores: 2)))
    }
  }

  private func measureCache(_ report: (Measurement) throws -> Void) throws {
    let upkeep = self.samples { self.cache.upkeep(seed: self.seed + UInt64($0)) }
    try report(
      self.line("overwrite", .upkeepPerUpdate, upkeep, [.init("shard_rows", self.cache.rowCount)]))
    var shards = self.cache.selectionRowCounts.map {
      self.cache.makeSelection(rowCount: $0, rowLength: self.rowLength, seed: self.seed)
    }
    // One run of each in turn: what else the machine does hits all.
    var costs = shards.map { _ in [Double]() }
    for _ in 0..<self.repeats {
      for place in shards.indices {
        costs[place].append(shards[place].run(answerCount: self.cache.answerCount))
      }
    }
    for (rowCount, costs) in zip(self.cache.selectionRowCounts, costs) {
      try report(
        self.line(
          "selection", .selectionPerRow, Samples(costs),
          [.init("shard_rows", rowCount), .init("selected_rows", self.cache.selectedCount)]))
    }
    guard costs.count > 1, let smallest = costs.first, let largest = costs.last else { return }
    try report(
      self.line(
        "selection", .selectionGrowth, Samples(zip(largest, smallest).map { $0 / $1 }),
        [.init("selected_rows", self.cache.selectedCount)]))
  }

  private func settings(shards: UInt32, cores: Int) -> [Measurement.Setting] {
    [
      .init("shards", Int(shards)), .init("cores", cores), .init("keys", self.keyCount),
      .init("row_bytes", self.weightByteCount),
    ]
  }

  private func measure(
    shards: UInt32, cores: Int, beside limits: MemoryLimits, _ report: (Measurement) throws -> Void
  ) async throws -> OverwriteRates {
    let settings = self.settings(shards: shards, cores: cores)
    let load = try await StoreLoad.start(self, shards: shards, cores: cores)
    // What the load itself holds is there by now.
    let before = ResidentMemory.byteCount()
    // What a virtual machine's host has yet to give is not the store's to wait for.
    let rowByteCount = self.weightByteCount + Self.spareByteCount
    let memory = WarmMemory(byteCount: self.keyCount * rowByteCount)
    try report(
      self.line(
        "first-touch-limit", .growthPauseMax, Samples([memory.longestTouch.inSeconds * 1000]),
        settings))
    let filling = await load.fill { memory.release(byteCount: $0 * rowByteCount) }
    memory.release(byteCount: .max / 2)
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
    return OverwriteRates(shards: shards, cores: cores, rates: writes, limits: writeLimits)
  }

  /// - Parameter measure: is told which run it is, from zero.
  private func samples(_ measure: (_ run: Int) -> Double) -> Samples {
    Samples((0..<self.repeats).map(measure))
  }

  private func line(
    _ testCase: String, _ metric: Metric, _ samples: Samples, _ settings: [Measurement.Setting] = []
  ) -> Measurement {
    Measurement(Self.name, testCase, metric, samples, settings)
  }
}
