internal import EkkoCore

/// The serial executor of one simulated actor: feeds the simulation's one list of ready jobs.
///
/// Between two jobs the simulation's thread is alone with every actor, so it counts as isolated to
/// each: checkers look into actors with `assumeIsolated`.
package final class Lane: SerialExecutor {
  package let number: UInt64
  // SAFETY: a process outlives its lanes' jobs, which hold it.
  private unowned let process: SimulatedProcess

  init(of process: SimulatedProcess) {
    self.process = process
    self.number = process.simulation.nextLaneNumber()
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    self.process.simulation.enqueue(UnownedJob(job), lane: self, of: self.process)
  }

  package func checkIsolated() {
    precondition(
      Simulation.current === self.process.simulation, "not on the thread of the simulation")
  }

  package func isIsolatingCurrentContext() -> Bool? {
    Simulation.current === self.process.simulation
  }
}
