package import EkkoCore

/// One process of the simulated world: the executor of its tasks, the maker of its actors' lanes, its
/// clock; it can be paused, made slow, or cut off from everything.
// SAFETY (Sendable): its tasks and actors run as jobs on the simulation's one thread, where the scheduler,
// the timers and whoever pauses or ends it are as well; another that enqueued here would trap
// (`Simulation.enqueue`).
package final class SimulatedProcess: TaskExecutor, ExecutorPlacement, @unchecked Sendable {
  package let name: String
  package let number: UInt32
  package let simulation: Simulation
  package let clock: SimulatedClock
  /// Cut off: nothing it does reaches the world any more. Its tasks are cancelled and run out unseen,
  /// which frees what they hold.
  package private(set) var isDead = false
  /// Virtual time that each of its jobs takes; zero unless it is slow.
  package var jobDuration = Duration.zero {
    didSet {
      self.isSlow = self.jobDuration > .zero
      if !self.isSlow { self.giveBack() }
    }
  }
  // SAFETY (of what is unchecked): these are numbers, and there is one thread.
  @safe @exclusivity(unchecked) private var isSlow = false
  /// While not zero, no job of it runs.
  @safe @exclusivity(unchecked) private var pauses = 0
  @safe @exclusivity(unchecked) private var isBusy = false
  private var kept: [Simulation.ReadyJob] = []
  /// By its own clock, after the last pause.
  private(set) var resumedAt = MonotonicTime(nanoseconds: 0)
  private var sharedLane: Lane?
  private var generator: SplitMix64
  private var onDeath: [() -> Void] = []
  /// Jobs that came while it was paused or busy, in all: whether that changed anything.
  package private(set) var delayedJobs = 0

  init(_ name: String, number: UInt32, clock: SimulatedClock, of simulation: Simulation) {
    self.name = name
    self.number = number
    self.simulation = simulation
    self.clock = clock
    self.generator = simulation.makeGenerator()
  }

  /// What its actors are given.
  package var runtime: Runtime {
    Runtime(clock: self.clock, placement: self, seeds: { self.generator.next() })
  }

  package func serialExecutor(for home: Home) -> any SerialExecutor {
    guard self.simulation.lanes == .shared else { return Lane(of: self) }
    if let sharedLane = self.sharedLane { return sharedLane }
    let lane = Lane(of: self)
    self.sharedLane = lane
    return lane
  }

  package func taskExecutor(for home: Home) -> (any TaskExecutor)? { self }

  package func enqueue(_ job: consuming ExecutorJob) {
    self.simulation.enqueue(UnownedJob(job), lane: nil, of: self)
  }

  // MARK: Faults

  /// No job runs until as many `resume()`s have followed.
  package func pause() { self.pauses += 1 }

  package func resume() {
    self.pauses -= 1
    self.resumedAt = self.clock.now().monotonic
    self.giveBack()
  }

  /// Ends it at once, as by a power cut: see `isDead`. What registered for it hears of it first.
  package func die() {
    guard !self.isDead else { return }
    self.isDead = true
    for body in self.onDeath { body() }
    self.onDeath = []
    self.pauses = 0
    self.jobDuration = .zero
    self.giveBack()
  }

  /// Has `body` called at its death: by whatever connects it with the world.
  package func whenDying(_ body: @escaping () -> Void) {
    if self.isDead { body() } else { self.onDeath.append(body) }
  }

  // MARK: For the simulation

  /// Whether the job waits here until the process may run.
  func keeps(_ job: Simulation.ReadyJob) -> Bool {
    guard self.pauses > 0 || self.isBusy else { return false }
    self.delayedJobs += 1
    self.kept.append(job)
    return true
  }

  func hasRun() {
    guard self.isSlow, !self.isBusy else { return }
    self.isBusy = true
    self.simulation.after(self.jobDuration) {
      self.isBusy = false
      self.giveBackOne()
    }
  }

  private func giveBack() {
    guard self.pauses == 0, !self.isBusy || self.isDead else { return }
    if self.isDead { self.isBusy = false }
    let jobs = self.kept
    self.kept = []
    for job in jobs { self.simulation.add(job) }
  }

  /// A slow process takes up one job at a time.
  private func giveBackOne() {
    guard self.isSlow, self.pauses == 0 else { return self.giveBack() }
    guard !self.kept.isEmpty else { return }
    let place = self.generator.below(self.kept.count)
    self.kept.swapAt(place, self.kept.count - 1)
    let job = self.kept.removeLast()
    self.simulation.add(job)
  }
}
