internal import EkkoCore

/// The serial executor of one simulated actor: feeds the simulation's one list of ready jobs.
///
/// Between two jobs the simulation's thread is alone with every actor, so it counts as isolated to
/// each: checkers look into actors with `assumeIsolated`.
@safe
// SAFETY (Sendable): the runtime hands it from job to job, all of which run on the simulation's one thread;
// another that enqueued here would trap (`Simulation.enqueue`), and `isIsolating` answers it with no.
package final class Lane: SerialExecutor, @unchecked Sendable {
  package let number: UInt64
  /// What whoever watches this lane has found out about it.
  var watched = Watched.unknown {
    didSet { if case .nothing = self.watched { self.mayBeWatched = false } }
  }
  // SAFETY (of what is unchecked): it is a truth value, and there is one thread.
  @safe @exclusivity(unchecked) private(set) var mayBeWatched = true

  enum Watched {
    case unknown
    case nothing
    /// A shard, by its place with the watcher.
    case shard(Int)
  }

  // SAFETY: the simulation holds its processes, and outlives every job of an actor of theirs.
  private unowned(unsafe) let unsafeProcess: SimulatedProcess

  package var process: SimulatedProcess { unsafe self.unsafeProcess }

  init(of process: SimulatedProcess) {
    unsafe self.unsafeProcess = process
    self.number = process.simulation.nextLaneNumber()
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    self.process.simulation.enqueue(UnownedJob(job), lane: self, of: self.process)
  }

  package func checkIsolated() {
    precondition(self.isIsolating, "not on the thread of the simulation")
  }

  package func isIsolatingCurrentContext() -> Bool? { self.isIsolating }

  private var isIsolating: Bool {
    self.process.simulation.lastAsked = self
    return Simulation.current === self.process.simulation
  }

  /// The lane that `actor` lives on; between two jobs only.
  static func lane(of actor: some Actor, in simulation: Simulation) -> Lane? {
    simulation.lastAsked = nil
    // The runtime asks the actor's executor, and only that one.
    actor.assumeIsolated { _ in }
    return simulation.lastAsked
  }
}
