/// What a demo comes to: the last line of `demo --json` (DESIGN §12). Figures that nothing was
/// measured for are `nil`.
package struct DemoSummary: Hashable, Sendable {
  package struct DataCentre: Hashable, Sendable {
    package var name: String
    package var role: String
    package var replicas: Int
    package var rowsScored = 0
    package var areaUnderCurve: Double?
    package var areaUnderCurveOfLastFifth: Double?
    package var logLoss: Double?
    package var logLossOfLastFifth: Double?
    package var visibility = Visibility()
    /// One per replica, in the order of the replicas.
    package var digests: [UInt64] = []

    package init(name: String, role: String, replicas: Int) {
      self.name = name
      self.role = role
      self.replicas = replicas
    }
  }

  /// From commit at the primary until a replica's reads see it, in milliseconds.
  package struct Visibility: Hashable, Sendable {
    package var median: Double?
    package var p99: Double?
    package var largest: Double?
    package var sampleCount = 0

    package init(
      median: Double? = nil, p99: Double? = nil, largest: Double? = nil, sampleCount: Int = 0
    ) {
      self.median = median
      self.p99 = p99
      self.largest = largest
      self.sampleCount = sampleCount
    }
  }

  package var seed: UInt64
  /// Of the click log: a format's name, or `synthetic`.
  package var format: String
  package var rowsRead = 0
  package var rowsTrained = 0
  package var rowsSkipped = 0
  package var skippedByFieldCount: [Int: Int] = [:]
  package var trainSeconds = 0.0
  package var rowsPerSecond: Double?
  /// Only of `--measure-alone`.
  package var rowsPerSecondAlone: Double?
  package var updates = 0
  package var updatesPerSecond: Double?
  /// Only of `--baseline`.
  package var baselineAreaUnderCurve: Double?
  package var dataCentres: [DataCentre] = []
  package var digestsEqual = false
  package var updatesLost = 0
  package var wireByteCount = 0
  package var fullBroadcastByteCount = 0
  package var cacheHitFraction: Double?
  package var shardsSkippedFraction: Double?

  package init(seed: UInt64, format: String) {
    self.seed = seed
    self.format = format
  }

  /// Whether every replica holds the same and nothing was lost; else the demo fails.
  package var passes: Bool { self.digestsEqual && self.updatesLost == 0 }

  package var exitCode: ExitCode { self.passes ? .success : .failure }

  package var json: JSONValue {
    .object([
      .init("kind", .text("summary")),
      .init("seed", .unsigned(self.seed)),
      .init("format", .text(self.format)),
      .init("rows_read", .integer(self.rowsRead)),
      .init("rows_trained", .integer(self.rowsTrained)),
      .init("rows_skipped", .integer(self.rowsSkipped)),
      .init("skipped_by_field_count", Self.json(self.skippedByFieldCount)),
      .init("train_seconds", .number(self.trainSeconds)),
      .init("rows_per_second", .optional(self.rowsPerSecond)),
      .init("rows_per_second_alone", .optional(self.rowsPerSecondAlone)),
      .init("updates", .integer(self.updates)),
      .init("updates_per_second", .optional(self.updatesPerSecond)),
      .init("baseline_auc_last_fifth", .optional(self.baselineAreaUnderCurve)),
      .init("data_centers", .list(self.dataCentres.map(\.json))),
      .init("digests_equal", .truth(self.digestsEqual)),
      .init("updates_lost", .integer(self.updatesLost)),
      .init("wire_bytes", .integer(self.wireByteCount)),
      .init("full_broadcast_bytes", .integer(self.fullBroadcastByteCount)),
      .init("cache_hit_fraction", .optional(self.cacheHitFraction)),
      .init("shards_skipped_fraction", .optional(self.shardsSkippedFraction)),
    ])
  }

  /// Keys ascending as numbers.
  static func json(_ counts: [Int: Int]) -> JSONValue {
    .object(
      counts.sorted { $0.key < $1.key }.map { .init(String($0.key), .integer($0.value)) })
  }
}

extension DemoSummary.DataCentre {
  fileprivate var json: JSONValue {
    .object([
      .init("name", .text(self.name)),
      .init("role", .text(self.role)),
      .init("replicas", .integer(self.replicas)),
      .init("rows_scored", .integer(self.rowsScored)),
      .init("auc", .optional(self.areaUnderCurve)),
      .init("auc_last_fifth", .optional(self.areaUnderCurveOfLastFifth)),
      .init("log_loss", .optional(self.logLoss)),
      .init("log_loss_last_fifth", .optional(self.logLossOfLastFifth)),
      .init("visibility_p50_ms", .optional(self.visibility.median)),
      .init("visibility_p99_ms", .optional(self.visibility.p99)),
      .init("visibility_max_ms", .optional(self.visibility.largest)),
      .init("visibility_samples", .integer(self.visibility.sampleCount)),
      .init("digests", .list(self.digests.map(JSONValue.hexadecimal))),
    ])
  }
}
