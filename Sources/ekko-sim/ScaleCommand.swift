import EkkoNode
import EkkoSimulation

/// `ekko-sim run --scenario scale`: growing clusters under an even load, without faults.
struct ScaleCommand {
  let seed: UInt64
  let isJSON: Bool
  /// What measures one case.
  var measure: @Sendable (ScaleShape, UInt64) throws(Simulation.Failure) -> ScaleReport =
    ScaleScenario.run

  func run() throws(Failure) -> ExitCode {
    var rows = [ScaleReport.columns]
    var isGood = true
    for shape in ScaleShape.cases {
      let start = ContinuousClock.now
      // On a thread of its own for its stack.
      let results = Workers.map([shape], threads: 1) { [seed, measure] shape in
        Result { () throws(Simulation.Failure) in try measure(shape, seed) }
      }
      let report: ScaleReport
      do throws(Simulation.Failure) { report = try results[0].get() } catch {
        throw self.failure(error, of: shape)
      }
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

  private func failure(_ failure: Simulation.Failure, of shape: ScaleShape) -> Failure {
    let centres = shape.dataCentres == 1 ? "1 data center" : "\(shape.dataCentres) data centers"
    return Failure(
      what: "scenario scale with \(centres)", why: ScaleScenario.reason(failure),
      doThis: "'ekko-sim run --scenario scale --seed \(self.seed)' repeats it", exitCode: .failure)
  }
}
