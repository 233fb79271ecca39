import EkkoBenchmark
import EkkoNode

/// `ekko-bench replicate`: prints each figure as soon as it is there.
struct ReplicateCommand: Sendable {
  private var experiment = ReplicateExperiment()
  private let isJSON: Bool

  private static let keys = ToolFlag(name: "--keys", placeholder: "N")
  private static let rowsPerWrite = ToolFlag(name: "--rows-per-write", placeholder: "N")
  private static let workload = ToolFlag(name: "--workload", placeholder: "unique|hot")
  private static let replicas = ToolFlag(name: "--replicas", placeholder: "N")
  private static let seconds = ToolFlag(name: "--seconds", placeholder: "S")
  private static let repeats = ToolFlag(name: "--repeats", placeholder: "N")
  private static let seed = ToolFlag(name: "--seed", placeholder: "S")
  private static let thinLink = ToolFlag(name: "--thin-link")
  private static let json = ToolFlag(name: "--json")

  init(_ words: ArraySlice<String>) throws(Failure) {
    let flags = try FlagValues(
      words,
      of: [
        Self.keys, Self.rowsPerWrite, Self.workload, Self.replicas, Self.seconds, Self.repeats,
        Self.seed, Figure.against,
        Self.thinLink, Self.json,
      ], program: "ekko-bench")
    self.isJSON = flags.isPresent(Self.json)
    self.experiment.usesThinLink = flags.isPresent(Self.thinLink)
    self.experiment.redis = try Figure.redis(flags)
    if let keys = try flags.integer(Self.keys, in: 1000...100_000_000) {
      self.experiment.keyCount = keys
    }
    if let rows = try flags.integer(Self.rowsPerWrite, in: 1...100_000) {
      self.experiment.rowsPerWrite = rows
    }
    if let name = flags.text(Self.workload) {
      guard let workload = Workload(rawValue: name) else {
        throw FlagValues.mistake(
          "'\(name)' is no workload", "--workload takes 'unique' or 'hot'",
          "See 'ekko-bench --help'")
      }
      self.experiment.workloads = [workload]
    }
    if let replicas = try flags.integer(Self.replicas, in: 0...16) {
      self.experiment.replicaCounts = Set([0, replicas]).sorted()
    }
    if let seconds: Int = try flags.integer(Self.seconds, in: 1...3600) {
      self.experiment.window = .seconds(seconds)
    }
    if let repeats = try flags.integer(Self.repeats, in: 1...1000) {
      self.experiment.repeats = repeats
    }
    if let seed: UInt64 = try flags.integer(Self.seed, in: 0...UInt64.max) {
      self.experiment.seed = seed
    }
  }

  func run() async throws(Failure) {
    let experiment = self.experiment
    try await Figure.run("replicate", isJSON: self.isJSON) { report in
      try await experiment.run(report: report)
    }
  }
}
