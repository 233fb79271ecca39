import EkkoNode
import EkkoSimulation

/// What `mutants` prints (DESIGN §12).
extension MutantReport {
  var json: JSONValue {
    .object([
      .init("kind", .text("mutant")), .init("name", .text(self.name)),
      .init("meaning", .text(self.meaning)),
      .init("trap", self.trap.map(JSONValue.integer) ?? .null),
      .init("found", .truth(self.find != nil)),
      .init("seed", self.find.map { .unsigned($0.seed) } ?? .null),
      .init("seeds_tried", .integer(self.seedsTried)),
      .init("invariant", self.find.map { .text($0.failure.invariant) } ?? .null),
    ])
  }

  var textLines: [String] {
    let name = self.trap.map { "\(self.name) (trap \($0))" } ?? self.name
    guard let find = self.find else {
      let seeds = self.seedsTried == 1 ? "1 seed" : "\(Figures.grouped(self.seedsTried)) seeds"
      return ["\(name): not found in \(seeds)", "  \(self.meaning)"]
    }
    return [
      "\(name): \(find.failure.invariant) at seed \(find.seed): "
        + find.failure.detail.printable(limit: 200),
      "  \(self.meaning)",
      "  ekko-sim replay --seed \(find.seed) --planted \(self.name)",
    ]
  }
}

extension MutantSummary {
  func json(wall: Duration) -> JSONValue {
    .object([
      .init("kind", .text("summary")), .init("command", .text("mutants")),
      .init("mutants", .integer(self.mutants)), .init("found", .integer(self.found)),
      .init("missed", .list(self.missed.map(JSONValue.text))),
      .init("median_seeds", self.medianSeeds.map(JSONValue.integer) ?? .null),
      .init("max_seeds", self.maximalSeeds.map(JSONValue.integer) ?? .null),
      .init("wall_seconds", .number(wall.seconds)),
    ])
  }

  func textLines(wall: Duration) -> [String] {
    let seeds = self.medianSeeds.map {
      "median \(Figures.grouped($0)), at most \(Figures.grouped(self.maximalSeeds ?? $0))"
    }
    return TextTable.aligned(
      [
        ["found", "\(self.found) of \(self.mutants)"],
        ["missed", self.missed.isEmpty ? Figures.none : self.missed.joined(separator: ", ")],
      ] + (self.isRecorded ? [] : [["seeds", seeds ?? Figures.none]])
        + [["time", "\(Figures.fixed(wall.seconds, 1)) s"]])
  }
}
