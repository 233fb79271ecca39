import EkkoNode
import Testing

@Suite struct DemoSnapshotTests {
  static var sample: DemoSnapshot {
    var snapshot = DemoSnapshot(format: "criteo")
    snapshot.phase = .training
    snapshot.seconds = 12.34
    snapshot.secondLimit = 30
    snapshot.rowsTrained = 51_200
    snapshot.rowsPerSecond = 4149.4
    snapshot.updates = 1_331_200
    snapshot.updatesPerSecond = 107_884
    snapshot.wireByteCount = 123_400_000
    var first = DemoSnapshot.DataCentre(name: "dc1", role: "training")
    first.rowsScored = 51_200
    first.areaUnderCurve = 0.7501
    first.logLoss = 0.48
    first.visibilityMedian = 1.25
    first.visibilityP99 = 9.96
    snapshot.dataCentres = [first, DemoSnapshot.DataCentre(name: "dc2", role: "inference")]
    return snapshot
  }

  @Test func `the live view`() {
    #expect(
      Self.sample.panel == [
        "ekko demo · criteo · training · 12.3 s of 30.0 s",
        "",
        "rows        51 200    4 149 per second",
        "updates  1 331 200  107 884 per second",
        "between replicas  123.4 MB",
        "",
        "DATA CENTER  ROLE       SCORED     AUC  LOG LOSS  VISIBLE P50 MS  P99 MS",
        "dc1          training   51 200  0.7501    0.4800             1.3    10.0",
        "dc2          inference       0       –         –               –       –",
      ])
  }

  @Test func `one plain line`() {
    #expect(
      Self.sample.plainLine == "training 12.3 s of 30.0 s, 51 200 rows (4 149/s), "
        + "dc1 AUC 0.7501 visible p99 10.0 ms, dc2 AUC – visible p99 – ms")
    #expect(DemoSnapshot(format: "synthetic").plainLine == "starting 0.0 s, 0 rows (–/s)")
  }

  @Test func `one object`() {
    #expect(
      Self.sample.json.line == #"{"kind":"progress","phase":"training","seconds":12.34,"#
        + #""rows_trained":51200,"rows_per_second":4149.4,"updates":1331200,"#
        + #""updates_per_second":107884.0,"wire_bytes":123400000,"data_centers":["#
        + #"{"name":"dc1","role":"training","rows_scored":51200,"auc":0.7501,"log_loss":0.48,"#
        + #""visibility_p50_ms":1.25,"visibility_p99_ms":9.96},"#
        + #"{"name":"dc2","role":"inference","rows_scored":0,"auc":null,"log_loss":null,"#
        + #""visibility_p50_ms":null,"visibility_p99_ms":null}]}"#)
  }
}
