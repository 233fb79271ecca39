internal import EkkoCore
package import EkkoRecommender

/// What to show.
package struct DemoSettings: Sendable {
  package var input: DemoOptions.Input?
  package var isBaselineWanted = false
  package var isAloneMeasured = false
  /// This is the run that `isAloneMeasured` asks for: the primaries and the trainer, no replica.
  var isAlone = false
  package var dataCentres = 3
  package var replicas = 3
  package var usesProcesses = false
  package var seed: UInt64 = 1
  /// How long to train, in seconds; `nil` to the end of the file.
  package var seconds: Double?
  /// The settings of the model, the same for every file and size.
  package var modelKind = RankingModelKind.wideAndDeep
  package var batchSize = 128
  package var shardCount = 16

  package init() {}

  package init(_ options: DemoOptions) {
    self.input = options.input
    self.isBaselineWanted = options.baseline
    self.isAloneMeasured = options.measureAlone
    self.dataCentres = options.dataCentres
    self.replicas = options.replicas
    self.usesProcesses = options.processes
    self.seed = options.seed
    self.seconds = options.effectiveDuration?.inSeconds
  }

  var format: String { self.input?.format.rawValue ?? "synthetic" }
}
