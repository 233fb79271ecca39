internal import EkkoCore
internal import EkkoReplication
internal import EkkoStorage

/// What the update cache of one shard takes of a processor, apart from rows, wire and everybody who calls
/// (Ekko §4.4.1; DESIGN §13).
package struct CacheLoad: Sendable {
  /// Rows that are overwritten at random.
  package var rowCount = 100_000
  package var updateCount = 1_000_000
  /// The shards whose rows are selected, ascending.
  package var selectionRowCounts = [10_000, 100_000]
  /// How many rows an answer selects: those that changed.
  package var selectedCount = 4000
  package var answerCount = 100

  /// What 128 shards get each of four thousand rows.
  static let batchLength = 32
  /// What 128 shards get each of ten million rows a second.
  private static let rowsPerSecond = 80_000

  package init() {}

  private static let batchInterval = Duration.seconds(Self.batchLength) / Self.rowsPerSecond

  /// Nanoseconds that the cache takes for each row of random overwrites: entries, notes of former
  /// arrivals, times, pruning. Time passes as if the shard were written at a steady rate.
  func upkeep(seed: UInt64) -> Double {
    var generator = SplitMix64(seed: seed)
    var upkeep = CacheUpkeep(rowCount: self.rowCount)
    let batchCount = self.updateCount / Self.batchLength
    // First a fifth as many, until the cache is as large as it will be.
    let batches = (0..<(batchCount + batchCount / 5)).map { _ in
      var slots: Set<UInt32> = []
      while slots.count < Self.batchLength {
        slots.insert(UInt32.random(in: 0..<UInt32(self.rowCount), using: &generator))
      }
      return upkeep.makeBatch(Array(slots))
    }
    var now = Instant(monotonic: .zero, wall: WallTime(microseconds: 1))
    var start = Duration.zero
    for (number, batch) in batches.enumerated() {
      if number == batches.count - batchCount { start = ProcessorTime.ofThread() }
      now = now.later(by: Self.batchInterval)
      upkeep.note(batch, at: now)
    }
    let taken = ProcessorTime.ofThread() - start
    return taken.inSeconds * 1e9 / Double(batchCount * Self.batchLength)
  }

  /// A shard whose cache holds `selectedCount` of its rows, and who is asked for them.
  func makeSelection(rowCount: Int, rowLength: Int, seed: UInt64) -> Selection {
    Selection(
      rowCount: rowCount, rowLength: rowLength, selectedCount: self.selectedCount, seed: seed)
  }

  struct Selection {
    private var shard: Shard
    private let request: SectionRequest
    private let selectedCount: Int

    fileprivate init(rowCount: Int, rowLength: Int, selectedCount: Int, seed: UInt64) {
      self.shard = Shard(
        id: ShardID(model: ModelID(rawValue: 1), index: 0),
        schemas: [TableSchema(name: "rows", rowLength: rowLength)], formClass: .full,
        incarnation: IncarnationID(rawValue: 1))
      self.selectedCount = selectedCount
      var keys = (0..<UInt64(rowCount)).map(\.self)
      var generator = SplitMix64(seed: seed)
      var now = Instant(monotonic: .zero, wall: WallTime(microseconds: 1_000_000))
      Self.put(keys, rowLength, to: &self.shard, at: now)
      self.request = SectionRequest(
        shard: self.shard.id, nonce: 1, epoch: self.shard.epoch, formClass: .full,
        knowledge: self.shard.knowledge, mark: self.shard.arrival)
      now = now.later(by: PropagationEstimate.usualHorizon * 2)
      self.shard.pruneCache(at: now)
      keys.shuffle(using: &generator)
      Self.put(Array(keys.prefix(selectedCount)), rowLength, to: &self.shard, at: now)
    }

    private static func put(
      _ keys: [UInt64], _ rowLength: Int, to shard: inout Shard, at now: Instant
    ) {
      for first in stride(from: 0, to: keys.count, by: CacheLoad.batchLength) {
        let batch = Array(keys[first..<min(first + CacheLoad.batchLength, keys.count)])
        let writes = RowWrites(
          kind: .put, table: TableID(rawValue: 0), keys: batch,
          values: .floats(Array(repeating: 1, count: batch.count * rowLength)))
        guard case .applied = shard.write([writes], request: nil, at: now) else {
          fatalError("a write of the benchmark failed")
        }
      }
    }

    /// Nanoseconds that answers take for each row, before anything of it is written: opening the walk
    /// through the cache and selecting.
    mutating func run(answerCount: Int) -> Double {
      let start = ProcessorTime.ofThread()
      for _ in 0..<answerCount {
        var writer = ByteWriter()
        guard
          case .opened(let walk) = self.shard.openWalk(
            for: self.request, announced: 0, allowScan: false, into: &writer),
          self.shard.passThroughWalk(
            walk, byteLimit: SynchronisationMethods.usualAnswerByteCount) == self.selectedCount
        else { fatalError("the benchmark's cache does not hold what was overwritten") }
      }
      let taken = ProcessorTime.ofThread() - start
      return taken.inSeconds * 1e9 / Double(answerCount * self.selectedCount)
    }
  }
}

extension Instant {
  fileprivate func later(by duration: Duration) -> Instant {
    Instant(
      monotonic: self.monotonic.advanced(by: duration),
      wall: WallTime(
        microseconds: self.wall.microseconds + UInt64(duration.wholeNanoseconds / 1000)))
  }
}
