import EkkoCore
import EkkoRecommender
import EkkoReplication
import EkkoStorage
import Testing

@testable import EkkoClient
@testable import EkkoNode

@Suite struct ReportTests {
  private let version = ParameterVersion(
    timestamp: Timestamp(microseconds: 1_700_000_000_000_000, counter: 3),
    origin: IncarnationID(rawValue: 0x1F))

  @Test func `get shows found and missing rows, numbers and bytes`() {
    let found = RowReport(
      model: "m", table: "t", key: .max, text: "C1=\"x\"", version: self.version,
      values: .numbers([0.1, -2, .nan]))
    var missing = found
    missing.key = 7
    missing.version = nil
    var bytes = found
    bytes.values = .bytes([104, 105])

    #expect(
      [found, missing, bytes].lines(asJSON: true) == [
        #"{"model":"m","table":"t","key":18446744073709551615,"found":true,"#
          + #""version":{"time_us":1700000000000000,"counter":3,"origin":"000000000000001f"},"#
          + #""values":[0.1,-2.0,null]}"#,
        #"{"model":"m","table":"t","key":7,"found":false,"version":null,"values":[]}"#,
        #"{"model":"m","table":"t","key":18446744073709551615,"found":true,"#
          + #""version":{"time_us":1700000000000000,"counter":3,"origin":"000000000000001f"},"#
          + #""values":[104,105]}"#,
      ])
    #expect(
      [found, missing, bytes].lines(asJSON: false) == [
        "                 KEY  FEATURE  VERSION                              VALUES",
        "18446744073709551615  C1=\"x\"   1700000000000000.3@000000000000001f  0.1 -2.0 nan",
        "                   7  C1=\"x\"   no such row",
        "18446744073709551615  C1=\"x\"   1700000000000000.3@000000000000001f  hi",
      ])
  }

  @Test func `rows read and receipts are told by the keys asked for`() throws {
    let selection = RowSelection(model: "m", table: "t", keys: [5, 6], texts: ["a", "b"])
    var read = ShardRows()
    read.timestamps = [self.version.timestamp, .zero]
    read.origins = [self.version.origin, .nobody]
    read.creations = [1, 0]
    read.weights = [1, 2, 0, 0]
    let receipt = WriteReceipt(versions: [[nil, self.version]])

    let rows = RowReport.reports(
      of: Rows(keys: [5, 6], rowLength: 2, rows: read), for: selection)
    #expect(
      rows == [
        RowReport(
          model: "m", table: "t", key: 5, text: "a", version: self.version,
          values: .numbers([1, 2])),
        RowReport(
          model: "m", table: "t", key: 6, text: "b", version: nil, values: .numbers([0, 0])),
      ])
    read.weights = []
    read.contents = [[1], []]
    let contents = RowReport.reports(
      of: Rows(keys: [5, 6], rowLength: 0, rows: read), for: selection)
    #expect(contents.map(\.values) == [.bytes([1]), .bytes([])])
    #expect(
      WrittenReport.reports(of: receipt, for: selection) == [
        WrittenReport(model: "m", table: "t", key: 5, text: "a", version: nil),
        WrittenReport(model: "m", table: "t", key: 6, text: "b", version: self.version),
      ])
  }

  @Test func `put and delete show what each key has become`() {
    let written = WrittenReport(model: "m", table: "t", key: 1, version: self.version)
    let refused = WrittenReport(model: "m", table: "t", key: 2, version: nil)

    #expect(
      [written, refused].lines(asJSON: true) == [
        #"{"model":"m","table":"t","key":1,"#
          + #""version":{"time_us":1700000000000000,"counter":3,"origin":"000000000000001f"}}"#,
        #"{"model":"m","table":"t","key":2,"version":null}"#,
      ])
    #expect(
      [written, refused].lines(asJSON: false).last == "  2           not admitted")
  }

  @Test func `status shows a line per model, and one for a replica without any`() {
    var status = NodeStatus(
      name: "n1", dataCentre: "dc1", roles: 3,
      models: [
        NodeStatus.Model(name: "m", shards: 16, rows: 12345, digest: 0xFF),
        NodeStatus.Model(name: "o", shards: 1, rows: 0, digest: nil),
      ], peersReachable: 2, peers: 3, receivedBytes: 9, cacheHits: 1, cacheMisses: 1,
      announcements: 0, skipped: 0,
      isClockUnfit: false)
    var reports = StatusReport.reports(of: status)
    status.name = "n2"
    status.roles = 2
    status.models = []
    status.isClockUnfit = true
    reports += StatusReport.reports(of: status)

    #expect(
      reports.lines(asJSON: true) == [
        #"{"node":"n1","data_center":"dc1","role":"training,inference","model":"m","shards":16,"#
          + #""rows":12345,"digest":"00000000000000ff","peers_reachable":2}"#,
        #"{"node":"n1","data_center":"dc1","role":"training,inference","model":"o","shards":1,"#
          + #""rows":0,"digest":null,"peers_reachable":2}"#,
        #"{"node":"n2","data_center":"dc1","role":"inference","model":null,"shards":0,"#
          + #""rows":0,"digest":null,"peers_reachable":2}"#,
      ])
    #expect(
      reports.lines(asJSON: false) == [
        "DATA CENTER  NODE  ROLE                MODEL  SHARDS    ROWS  DIGEST            PEERS",
        "dc1          n1    training,inference  m          16  12 345  00000000000000ff    2/3",
        "dc1          n1    training,inference  o           1       0  –                   2/3",
        "dc1          n2    inference           –           0       0  –                   2/3"
          + "  clock is off: no writes",
      ])
  }

  @Test func `lag shows what is not known yet as null`() {
    let reports = LagReport.reports(
      of: NodeLag(
        name: "n1", dataCentre: "dc2",
        models: [
          NodeLag.Model(name: "m", now: 1.5, median: 2.25, p99: 30),
          NodeLag.Model(name: "o", now: nil, median: nil, p99: nil),
        ]))

    #expect(
      reports.lines(asJSON: true) == [
        #"{"data_center":"dc2","node":"n1","model":"m","#
          + #""lag_p50_ms":2.25,"lag_p99_ms":30.0,"lag_now_ms":1.5}"#,
        #"{"data_center":"dc2","node":"n1","model":"o","#
          + #""lag_p50_ms":null,"lag_p99_ms":null,"lag_now_ms":null}"#,
      ])
    #expect(
      reports.lines(asJSON: false) == [
        "DATA CENTER  NODE  MODEL  LAG P50 MS  P99 MS  NOW MS",
        "dc2          n1    m             2.3    30.0     1.5",
        "dc2          n1    o               –       –       –",
      ])
    #expect([LagReport]().lines(asJSON: false) == [])
  }

  @Test func `skipped rows are told by their number of fields, ascending`() throws {
    let rows = ["1::2::3", "1::2", "1::2::x::4", "1::2::3", "5::6::7::8"]
    var parser = ClickLogParser(format: .movietweetings)
    parser.append(Array((["1::2::5::9"] + rows).joined(separator: "\n").utf8))
    parser.finishInput()
    var batch = ExampleBatch(layout: ClickLogFormat.movietweetings.layout, reservingCapacity: 8)
    _ = try parser.parse(into: &batch, limit: 8)

    #expect(parser.skipped.countByFieldCount == [2: 1, 3: 2])
    #expect(
      parser.skipped.lines == [
        "skipped 1 row of 2 fields, the first in line 3",
        "skipped 2 rows of 3 fields, the first in line 2",
        "skipped 1 row with a field that cannot be read, the first in line 4",
      ])
  }

  @Test func `train tells what became of the rows`() {
    var summary = TrainSummary(model: "demo")
    summary.rowsRead = 1000
    summary.rowsTrained = 502
    summary.rowsSkipped = 498
    summary.skippedByFieldCount = [38: 469, 37: 29]
    summary.trainSeconds = 0.5
    summary.rowsPerSecond = 1004

    #expect(
      summary.json.line == #"{"kind":"summary","model":"demo","rows_read":1000,"rows_trained":502,"#
        + #""rows_skipped":498,"skipped_by_field_count":{"37":29,"38":469},"train_seconds":0.5,"#
        + #""rows_per_second":1004.0}"#)
    #expect(
      summary.line == "trained 'demo' on 502 rows in 0.5 s (1 004 per second), 498 skipped")
  }
}
