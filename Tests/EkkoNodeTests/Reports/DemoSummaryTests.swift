import EkkoNode
import Testing

@Suite struct DemoSummaryTests {
  private var summary: DemoSummary {
    var summary = DemoSummary(seed: .max, format: "criteo")
    summary.rowsRead = 1000
    summary.rowsTrained = 502
    summary.rowsSkipped = 498
    summary.skippedByFieldCount = [100: 1, 38: 468, 9: 29]
    summary.trainSeconds = 2
    summary.rowsPerSecond = 251
    summary.updates = 13_052
    summary.updatesPerSecond = 6526
    var centre = DemoSummary.DataCentre(name: "dc1", role: "training", replicas: 2)
    centre.rowsScored = 502
    centre.areaUnderCurve = 0.75
    centre.areaUnderCurveOfLastFifth = 0.7625
    centre.logLoss = 0.5
    centre.logLossOfLastFifth = .nan
    centre.visibility = DemoSummary.Visibility(
      median: 1.25, p99: 40, largest: 90.5, sampleCount: 600)
    centre.digests = [0xAB, 0xAB]
    summary.dataCentres = [
      centre, DemoSummary.DataCentre(name: "dc2", role: "inference", replicas: 0),
    ]
    summary.digestsEqual = true
    summary.wireByteCount = 1_500_000
    summary.fullBroadcastByteCount = 30_000_000
    summary.cacheHitFraction = 0.995
    return summary
  }

  @Test func `the last line has the fields of the contract in its order`() {
    #expect(
      self.summary.json.line == #"{"kind":"summary","seed":18446744073709551615,"#
        + #""format":"criteo","rows_read":1000,"rows_trained":502,"rows_skipped":498,"#
        + #""skipped_by_field_count":{"9":29,"38":468,"100":1},"train_seconds":2.0,"#
        + #""rows_per_second":251.0,"rows_per_second_alone":null,"updates":13052,"#
        + #""updates_per_second":6526.0,"baseline_auc_last_fifth":null,"data_centers":["#
        + #"{"name":"dc1","role":"training","replicas":2,"rows_scored":502,"auc":0.75,"#
        + #""auc_last_fifth":0.7625,"log_loss":0.5,"log_loss_last_fifth":null,"#
        + #""visibility_p50_ms":1.25,"visibility_p99_ms":40.0,"visibility_max_ms":90.5,"#
        + #""visibility_samples":600,"digests":["00000000000000ab","00000000000000ab"]},"#
        + #"{"name":"dc2","role":"inference","replicas":0,"rows_scored":0,"auc":null,"#
        + #""auc_last_fifth":null,"log_loss":null,"log_loss_last_fifth":null,"#
        + #""visibility_p50_ms":null,"visibility_p99_ms":null,"visibility_max_ms":null,"#
        + #""visibility_samples":0,"digests":[]}],"#
        + #""digests_equal":true,"updates_lost":0,"wire_bytes":1500000,"#
        + #""full_broadcast_bytes":30000000,"cache_hit_fraction":0.995,"#
        + #""shards_skipped_fraction":null}"#)
  }

  @Test func `without rows it is still the same object`() {
    let line = DemoSummary(seed: 1, format: "synthetic").json.line

    #expect(line.contains(#""skipped_by_field_count":{}"#))
    #expect(line.contains(#""data_centers":[]"#))
  }

  @Test func `people get the same as tables`() {
    var summary = self.summary
    summary.baselineAreaUnderCurve = 0.753
    summary.rowsPerSecondAlone = 400

    #expect(
      summary.lines == [
        "rows                             502 trained in 2.0 s, 498 skipped",
        "rows per second                  251 (400 with the training data center alone)",
        "updates                          13 052, 6 526 per second",
        "bytes between replicas           1.5 MB; broadcasts of whole models would take 30.0 MB",
        "answered from the update cache   99.5 %",
        "shards skipped by their version  –",
        "AUC of logistic regression       0.7530",
        "",
        "DATA CENTER  ROLE       SCORED     AUC  LAST FIFTH  LOG LOSS  LAST FIFTH",
        "dc1          training      502  0.7500      0.7625    0.5000           –",
        "dc2          inference       0       –           –         –           –",
        "",
        "DATA CENTER  REPLICAS  VISIBLE P50 MS  P99 MS  MAX MS  OF UPDATES  DIGEST",
        "dc1                 2             1.3    40.0    90.5         600  00000000000000ab",
        "dc2                 0               –       –       –           0  –",
        "",
        "every replica holds the same model; no update was lost",
      ])
  }

  @Test func `a difference or a loss fails the demo and is told`() {
    var different = self.summary
    different.digestsEqual = false
    different.dataCentres[0].digests = [0xAB, 0xAC]
    var lossy = self.summary
    lossy.updatesLost = 1

    #expect(self.summary.exitCode == .success)
    #expect(different.exitCode == .failure)
    #expect(lossy.exitCode == .failure)
    #expect(
      different.lines.last
        == "REPLICAS DIFFER: the digests are not equal; no update was lost")
    #expect(different.lines.contains { $0.hasSuffix("00000000000000ab 00000000000000ac") })
    #expect(lossy.lines.last == "every replica holds the same model; 1 UPDATES WERE LOST")
  }
}
