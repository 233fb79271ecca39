import EkkoBenchmark
import EkkoNode

/// `ekko-bench store`: prints each figure as soon as it is there.
struct StoreCommand: Sendable {
  private var experiment = StoreExperiment()
  private var comparison: RedisComparison?
  private let isJSON: Bool

  private static let keys = ToolFlag(name: "--keys", placeholder: "N")
  private static let shards = ToolFlag(name: "--shards", placeholder: "N")
  private static let cores = ToolFlag(name: "--cores", placeholder: "N")
  private static let repeats = ToolFlag(name: "--repeats", placeholder: "N")
  private static let seed = ToolFlag(name: "--seed", placeholder: "S")
  private static let json = ToolFlag(name: "--json")

  init(_ words: ArraySlice<String>) throws(Failure) {
    let flags = try FlagValues(
      words,
      of: [
        Self.keys, Self.shards, Self.cores, Self.repeats, Self.seed, Figure.against, Self.json,
      ],
      program: "ekko-bench")
    self.isJSON = flags.isPresent(Self.json)
    if let keys = try flags.integer(Self.keys, in: 10_000...100_000_000) {
      self.experiment.keyCount = keys
    }
    if let shards: UInt32 = try flags.integer(Self.shards, in: 1...2048) {
      self.experiment.shardCounts = [shards]
    }
    if let cores = try flags.integer(Self.cores, in: 1...64) {
      self.experiment.coreCounts = [cores]
    }
    if let repeats = try flags.integer(Self.repeats, in: 1...1000) {
      self.experiment.repeats = repeats
    }
    if let seed: UInt64 = try flags.integer(Self.seed, in: 0...UInt64.max) {
      self.experiment.seed = seed
    }
    if let redis = try Figure.redis(flags) {
      var comparison = RedisComparison(with: redis)
      // What Redis makes of a row does not depend on how many there are.
      comparison.keyCount = min(comparison.keyCount, self.experiment.keyCount)
      comparison.repeats = self.experiment.repeats
      comparison.seed = self.experiment.seed
      self.comparison = comparison
    }
  }

  func run() async throws(Failure) {
    let (experiment, comparison) = (self.experiment, self.comparison)
    try await Figure.run("store", isJSON: self.isJSON) { report in
      try await comparison?.check()
      try await experiment.run(report: report)
      try await comparison?.run(report: report)
    }
  }
}
