import EkkoNode
import EkkoSimulation

/// What `run --scenario scale` prints: a table for people, lines in the style of DESIGN §13 for
/// programs.
extension ScaleReport {
  static let columns = [
    "centers", "nodes", "updates", "delay p50", "wire p50", "delay p99", "wire p99", "last p99",
    "down/link", "bound", "up/primary", "bound", "used", "up/relay", "bound", "used", "memory",
    "time",
  ]

  func cells(wall: Duration) -> [String] {
    [
      "\(self.shape.dataCentres)", Figures.grouped(self.shape.nodes),
      Figures.grouped(self.updates), Self.milliseconds(self.delay.median),
      Self.milliseconds(self.wire.median), Self.milliseconds(self.delay.p99),
      Self.milliseconds(self.wire.p99), Self.milliseconds(self.latencyP99),
    ] + self.downlink.cells.dropLast() + self.primaryUplink.cells
      + (self.relayUplink?.cells ?? Array(repeating: Figures.none, count: 3)) + [
        Figures.bytes(self.memoryByteCount), "\(Figures.fixed(wall.seconds, 1)) s",
      ]
  }

  private static func milliseconds(_ duration: Duration) -> String {
    Figures.fixed(duration.milliseconds, 2)
  }

  /// What the table does not say in its columns.
  static func notes(_ shape: ScaleShape, seed: UInt64) -> [String] {
    [
      "\(shape.replicas) replicas a data center, \(shape.shards) shards, "
        + "\(shape.rowLength)-float rows of \(shape.rowByteCount) bytes, "
        + "\(Figures.grouped(shape.updatesPerSecond)) updates a second for "
        + "\(Figures.fixed(shape.load.seconds, 0)) s; every link "
        + "\(Figures.fixed(shape.linkBytesPerSecond * 8e-6, 0)) Mbit/s up and down; seed \(seed).",
      "The first node of a data center pulls from that of another, at most \(shape.fanOut) from one;"
        + " the others pull from theirs.",
      "delay: milliseconds from the commit at the primary until readable, all updates at all"
        + " replicas; last: at the last replica.",
      "wire: latencies and one row on each uplink, once a reader. bound: rows times their bytes times copies.",
      "Processing takes no virtual time.",
    ]
  }

  func json(wall: Duration, seed: UInt64) -> [JSONValue] {
    var metrics: [(String, JSONValue, String)] = [
      ("updates", .integer(self.updates), "rows"),
      ("updates_missing", .integer(self.missing), "rows"),
      ("delay_p50_ms", .number(self.delay.median.milliseconds), "ms"),
      ("delay_p99_ms", .number(self.delay.p99.milliseconds), "ms"),
      ("wire_p50_ms", .number(self.wire.median.milliseconds), "ms"),
      ("wire_p99_ms", .number(self.wire.p99.milliseconds), "ms"),
      ("update_latency_mean_ms", .number(self.latencyMean.milliseconds), "ms"),
      ("update_latency_p99_ms", .number(self.latencyP99.milliseconds), "ms"),
    ]
    metrics += self.downlink.metrics("downlink")
    metrics += self.primaryUplink.metrics("primary_uplink")
    metrics += self.relayUplink?.metrics("relay_uplink") ?? []
    metrics += [
      ("virtual_seconds", .number(self.duration.seconds), "s"),
      ("steps", .integer(self.steps), "steps"),
      ("wall_seconds", .number(wall.seconds), "s"),
      ("memory_bytes", .integer(self.memoryByteCount), "bytes"),
    ]
    return metrics.map { metric, value, unit in
      .object([
        .init("experiment", .text(ScaleScenario.name)), .init("case", .text("ekko")),
        .init("metric", .text(metric)), .init("value", value), .init("unit", .text(unit)),
        .init("config", self.shape.json(seed: seed)),
      ])
    }
  }
}

extension ScaleReport.Link {
  fileprivate var cells: [String] {
    [
      Figures.bytes(self.byteCount), Figures.fixed(self.ratio, 2) + " ×",
      Figures.percent(self.utilisation),
    ]
  }

  fileprivate func metrics(_ name: String) -> [(String, JSONValue, String)] {
    [
      (name + "_bytes", .integer(self.byteCount), "bytes"),
      (name + "_lower_bound_bytes", .integer(self.lowerBound), "bytes"),
      (name + "_used_fraction", .number(self.utilisation), "fraction"),
    ]
  }
}

extension ScaleShape {
  fileprivate func json(seed: UInt64) -> JSONValue {
    .object([
      .init("data_centers", .integer(self.dataCentres)), .init("replicas", .integer(self.replicas)),
      .init("shards", .integer(self.shards)), .init("row_length", .integer(self.rowLength)),
      .init("row_bytes", .integer(self.rowByteCount)),
      .init("updates_per_second", .integer(self.updatesPerSecond)),
      .init("load_seconds", .number(self.load.seconds)),
      .init("link_bits_per_second", .number(self.linkBytesPerSecond * 8)),
      .init("fan_out", .integer(self.fanOut)), .init("seed", .unsigned(seed)),
      .init("repeats", .integer(1)),
    ])
  }
}

extension Duration {
  fileprivate var milliseconds: Double { self / .milliseconds(1) }
}
