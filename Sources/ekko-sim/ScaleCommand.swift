import EkkoNode
import EkkoSimulation

/// `ekko-sim run --scenario scale`: growing clusters under an even load, without faults.
struct ScaleCommand {
  let seed: UInt64
  let isJSON: Bool

  func run() throws(Failure) -> ExitCode {
    var rows = [ScaleReport.columns]
    var isGood = true
    for shape in ScaleShape.cases {
      let start = ContinuousClock.now
      // On a thread of its own for its stack.
      let results = Workers.map([shape], threads: 1) { [seed] shape in
        Result { () throws(Simulation.Failure) in try ScaleScenario.run(shape, seed: seed) }
      }
      guard case .success(let report) = results[0] else { return .failure }
      let wall = start.duration(to: .now)
      isGood = isGood && report.isComplete
      if self.isJSON {
        try StandardStream.output.print(report.json(wall: wall, seed: self.seed).map(\.line))
      } else {
        rows.append(report.cells(wall: wall))
      }
    }
    if !self.isJSON {
      let right = Array(repeating: TextTable.Alignment.right, count: rows[0].count)
      try StandardStream.output.print(
        ScaleReport.notes(ScaleShape.cases[0], seed: self.seed) + [""]
          + TextTable.aligned(rows, right))
    }
    return isGood ? .success : .failure
  }
}
