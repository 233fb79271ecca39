import EkkoNode
import EkkoSimulation

/// What `mutants` prints (DESIGN §12).
extension MutantReport {
  var json: JSONValue {
    .object([
      .init("kind", .text("mutant")), .init("name", .text(self.name)),
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
      return ["\(name): not found in \(Figures.grouped(self.seedsTried)) seeds"]
    }
    return [
      "\(name): \(find.failure.invariant) at seed \(find.seed): "
        + find.failure.detail.printable(limit: 200)
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
    TextTable.aligned([
      ["found", "\(self.found) of \(self.mutants)"],
      ["missed", self.missed.isEmpty ? Figures.none : self.missed.joined(separator: ", ")],
      [
        "seeds",
        self.medianSeeds.map {
          "median \(Figures.grouped($0)), at most \(Figures.grouped(self.maximalSeeds ?? $0))"
        } ?? Figures.none,
      ],
      ["time", "\(Figures.fixed(wall.seconds, 1)) s"],
    ])
  }
}
