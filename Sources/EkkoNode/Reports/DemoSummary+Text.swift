/// The summary as people read it.
extension DemoSummary {
  package var lines: [String] {
    var figures = [
      ["rows", self.rowsText],
      ["rows per second", self.rateText],
      [
        "updates",
        "\(Figures.grouped(self.updates)), \(Figures.fixed(self.updatesPerSecond, 0)) per second",
      ],
      [
        "bytes between replicas",
        "\(Figures.bytes(self.wireByteCount)); broadcasts of whole models would take "
          + Figures.bytes(self.fullBroadcastByteCount),
      ],
      ["answered from the update cache", Figures.percent(self.cacheHitFraction)],
      ["shards skipped by their version", Figures.percent(self.shardsSkippedFraction)],
    ]
    if let baseline = self.baselineAreaUnderCurve {
      figures.append(["AUC of logistic regression", Figures.fixed(baseline, 4)])
    }
    return TextTable.aligned(figures) + [""] + self.dataCentreLines + ["", self.verdict]
  }

  private var rowsText: String {
    let trained =
      "\(Figures.grouped(self.rowsTrained)) trained in \(Figures.fixed(self.trainSeconds, 1)) s"
    guard self.rowsSkipped > 0 else { return trained }
    return trained + ", \(Figures.grouped(self.rowsSkipped)) skipped"
  }

  private var rateText: String {
    let rate = Figures.fixed(self.rowsPerSecond, 0)
    guard let alone = self.rowsPerSecondAlone else { return rate }
    return rate + " (\(Figures.fixed(alone, 0)) with the training data center alone)"
  }

  /// Two tables, so that they fit a terminal: how good the scores are, and how fresh the replicas.
  private var dataCentreLines: [String] {
    let quality = self.dataCentres.map { centre in
      [centre.name, centre.role, Figures.grouped(centre.rowsScored)]
        + [
          centre.areaUnderCurve, centre.areaUnderCurveOfLastFifth, centre.logLoss,
          centre.logLossOfLastFifth,
        ].map { Figures.fixed($0, 4) }
    }
    let freshness = self.dataCentres.map { centre in
      let visibility = centre.visibility
      return [centre.name, String(centre.replicas)]
        + [visibility.median, visibility.p99, visibility.largest].map { Figures.fixed($0, 1) }
        + [Figures.grouped(visibility.sampleCount), Self.text(ofDigests: centre.digests)]
    }
    return TextTable.aligned(
      [["DATA CENTER", "ROLE", "SCORED", "AUC", "LAST FIFTH", "LOG LOSS", "LAST FIFTH"]] + quality,
      [.left, .left] + Array(repeating: .right, count: 5))
      + [""]
      + TextTable.aligned(
        [["DATA CENTER", "REPLICAS", "VISIBLE P50 MS", "P99 MS", "MAX MS", "OF UPDATES", "DIGEST"]]
          + freshness,
        [.left] + Array(repeating: .right, count: 5) + [.left])
  }

  /// The one digest that all replicas have, or all of them.
  private static func text(ofDigests digests: [UInt64]) -> String {
    guard let first = digests.first else { return Figures.none }
    return digests.allSatisfy { $0 == first }
      ? first.hexadecimal : digests.map(\.hexadecimal).joined(separator: " ")
  }

  private var verdict: String {
    let digests =
      self.digestsEqual
      ? "every replica holds the same model" : "REPLICAS DIFFER: the digests are not equal"
    let lost =
      self.updatesLost == 0
      ? "no update was lost" : "\(Figures.grouped(self.updatesLost)) UPDATES WERE LOST"
    return "\(digests); \(lost)"
  }
}
