package import EkkoRecommender

/// What to show.
package struct DemoSettings: Sendable {
  package var dataFile: String?
  package var format: ClickLogFormat?
  package var isBaselineWanted = false
  package var isAloneMeasured = false
  package var dataCentres = 3
  package var replicas = 3
  package var usesProcesses = false
  package var seed: UInt64 = 1
  /// How long to train; `nil` to the end of the file.
  package var seconds: Double?
  /// The settings of the model, the same for every file and size.
  package var modelKind = RankingModelKind.wideAndDeep
  package var batchSize = 128
  package var shardCount = 16

  package init() {}
}

/// What was seen.
package struct DemoResult: Sendable {
  package struct DataCentre: Sendable {
    package var name: String
    package var isTraining: Bool
    package var replicas: Int
    package var rowsScored = 0
    package var auc: Double?
    package var aucLastFifth: Double?
    package var logLoss: Double?
    package var logLossLastFifth: Double?
    package var visibilityMedian: Double?
    package var visibilityP99: Double?
    package var visibilityMax: Double?
    package var visibilitySamples = 0
    /// Of the model, one per replica; `nil` where it did not answer.
    package var digests: [UInt64?] = []
  }

  package var seed: UInt64
  package var format: String
  package var rowsRead = 0
  package var rowsTrained = 0
  package var skipped = SkippedRows()
  package var trainSeconds = 0.0
  package var rowsPerSecondAlone: Double?
  package var updates = 0
  package var baselineAUCLastFifth: Double?
  package var dataCentres: [DataCentre] = []
  package var digestsEqual = false
  package var updatesLost = 0
  package var wireBytes = 0
  package var fullBroadcastBytes = 0
  package var cacheHitFraction: Double?
  package var shardsSkippedFraction: Double?

  package init(seed: UInt64, format: String) {
    self.seed = seed
    self.format = format
  }

  package var rowsPerSecond: Double {
    self.trainSeconds > 0 ? Double(self.rowsTrained) / self.trainSeconds : 0
  }

  package var updatesPerSecond: Double {
    self.trainSeconds > 0 ? Double(self.updates) / self.trainSeconds : 0
  }

  /// Whether all went as promised.
  package var isGood: Bool { self.digestsEqual && self.updatesLost == 0 }
}

/// How a demo under way is doing.
package struct DemoProgress: Sendable {
  package struct DataCentre: Sendable {
    package var name: String
    package var isTraining: Bool
    package var replicas: Int
    package var rowsScored: Int
    /// Over the rows scored so far.
    package var auc: Double?
    package var visibilityMedian: Double?
    package var visibilityP99: Double?
  }

  package var seconds: Double
  package var rowsTrained: Int
  package var rowsPerSecond: Double
  package var updatesPerSecond: Double
  package var wireBytes: Int
  package var dataCentres: [DataCentre]
}
