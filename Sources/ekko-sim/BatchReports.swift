import EkkoNode
import EkkoSimulation

/// The results of runs as they are printed (DESIGN §12): JSON for programs, text for people.
extension BatchFailure {
  var json: JSONValue {
    .object([
      .init("kind", .text("failure")), .init("seed", .unsigned(self.seed)),
      .init("invariant", .text(self.failure.invariant)),
      .init("step", .integer(self.failure.step)),
      .init("virtual_seconds", .number(self.failure.virtualTime.seconds)),
      .init("replay", .text(self.replay)),
    ])
  }

  var textLines: [String] {
    [
      "seed \(self.seed): \(self.failure.invariant) is broken at step \(self.failure.step), "
        + "\(Figures.fixed(self.failure.virtualTime.seconds, 3)) s: "
        + self.failure.detail.printable(limit: 1000),
      "  \(self.replay)",
    ]
  }
}

extension SeedOutcome {
  var textLine: String {
    "trace hash \(self.traceHash.hexadecimal), \(Figures.grouped(self.steps)) steps, "
      + "\(Figures.fixed(self.virtualTime.seconds, 3)) s, "
      + "\(Figures.grouped(self.acknowledgedWrites)) writes on \(self.nodes) nodes"
  }
}

/// The last thing that `run` and `replay` say.
struct SummaryReport {
  let command: String
  let summary: BatchSummary
  let wall: Duration

  var json: JSONValue {
    let summary = self.summary
    let faults = summary.faults.map { fault in
      JSONValue.Field(
        fault.kind,
        .object([.init("seeds", .integer(fault.seeds)), .init("count", .integer(fault.count))]))
    }
    return .object([
      .init("kind", .text("summary")), .init("command", .text(self.command)),
      .init("first_seed", .unsigned(summary.firstSeed)), .init("seeds", .integer(summary.seeds)),
      .init("failed", .integer(summary.failed)), .init("fault_kinds", .object(faults)),
      .init("coverage_missing", .list(summary.coverageMissing.map(JSONValue.text))),
      .init("median_nodes", .integer(summary.nodes.median)),
      .init("median_writes", .integer(summary.writes.median)),
      .init("median_faults", .integer(summary.effectiveFaults.median)),
      .init("fewest_data_centers", .integer(summary.dataCentres.minimum)),
      .init("fewest_nodes", .integer(summary.nodes.minimum)),
      .init("fewest_shards", .integer(summary.shards.minimum)),
      .init("fewest_writes", .integer(summary.writes.minimum)),
      .init("fewest_faults", .integer(summary.effectiveFaults.minimum)),
      .init("unplanned_crashes", .integer(summary.madeUp)),
      .init("twins", .integer(summary.twins)), .init("steps", .integer(summary.steps)),
      .init("virtual_seconds", .number(summary.virtualTime.seconds)),
      .init("wall_seconds", .number(self.wall.seconds)),
      .init("stray_tasks", .integer(summary.strayTasks)),
      .init("trace_hash", .hexadecimal(summary.traceHash)),
    ])
  }

  var textLines: [String] {
    let summary = self.summary
    let rows = summary.faults.map { fault in
      [
        fault.kind, Figures.grouped(fault.seeds),
        Figures.percent(Double(fault.seeds) / Double(max(1, summary.seeds))),
        Figures.grouped(fault.count),
      ]
    }
    let missing = summary.coverageMissing
    return TextTable.aligned(
      [["fault", "seeds", "share", "times"]] + rows, [.left, .right, .right, .right])
      + [""]
      + TextTable.aligned([
        [
          "seeds",
          "\(Figures.grouped(summary.seeds)) from \(summary.firstSeed), \(summary.failed) failed",
        ],
        ["data centers", Self.spread(summary.dataCentres)],
        ["nodes", Self.spread(summary.nodes)], ["shards", Self.spread(summary.shards)],
        ["writes", Self.spread(summary.writes)],
        [
          "faults",
          "\(Self.spread(summary.effectiveFaults)), \(Figures.grouped(summary.madeUp)) of them crashes "
            + "to make up for planned ones that changed nothing",
        ],
        ["kinds of fault", Self.spread(summary.kinds)],
        ["hardly reached", missing.isEmpty ? Figures.none : missing.joined(separator: ", ")],
        ["twin runs", Figures.grouped(summary.twins)],
        ["stray tasks", "\(summary.strayTasks)"],
        [
          "time",
          "\(Figures.fixed(self.wall.seconds, 1)) s for "
            + "\(Figures.fixed(summary.virtualTime.seconds, 0)) s and "
            + "\(Figures.grouped(summary.steps)) steps",
        ],
        ["trace hash", summary.traceHash.hexadecimal],
      ])
  }

  private static func spread(_ histogram: BatchSummary.Histogram) -> String {
    "median \(Figures.grouped(histogram.median)), at least \(Figures.grouped(histogram.minimum))"
  }
}

extension Duration {
  var seconds: Double { self / .seconds(1) }
}
