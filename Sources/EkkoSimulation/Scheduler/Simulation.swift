package import EkkoCore

/// Runs the actors and tasks of many simulated processes on the calling thread, in an order drawn from
/// a seed, in virtual time.
///
/// Every actor gets a lane of its own (DESIGN §3), every task its process as preferred executor; so
/// each hop from actor to actor is a job here, and which ready job runs next is a choice of the seed.
/// Time moves only when nothing is ready: to the next timer. A run is a function of the seed and the
/// binary; `traceHash` tells two runs apart.
///
/// The simulated world is reached by jobs, timers, the observer, and by whoever called `run`.
// SAFETY (Sendable): all of these are on one thread. `run` runs every job and every timer in its own
// loop, on the thread of its caller, which waits for it; nothing else runs a job, for all executors of the
// world are lanes and processes of this, whose `enqueue` traps on any other thread. So no two threads ever
// reach what is in here, or in a class that says it is on the simulation's thread.
package final class Simulation: @unchecked Sendable {
  /// Which ready job runs next.
  package enum Order: String, Sendable { case random, fifo }

  /// How actors get their serial executors: `shared` is what hides interleavings, kept for the test
  /// that shows it.
  package enum Lanes: Sendable { case onePerActor, shared }

  package enum Failure: Error, Hashable, Sendable {
    /// The root task waits and nothing will ever wake it.
    case deadlock(time: Int64, step: Int)
    case stepLimit(time: Int64)
  }

  package let seed: UInt64
  package let order: Order
  let lanes: Lanes
  // SAFETY (of what is unchecked here and below): no access to it lasts across a call of anything
  // that could come back to it, and there is one thread. The checks would cost a twentieth of a run.
  /// Nanoseconds since the simulation began.
  @safe @exclusivity(unchecked) package private(set) var now: Int64 = 0
  /// Jobs of tasks that had lost their process: `Task {}` or `Task.detached` somewhere. Must be 0.
  package private(set) var strays = 0
  /// Looks at the world after every job; gets the lane it ran on, if it was an actor's.
  package var observer: ((Lane?) -> Void)?

  /// Tells who outlives a simulation that it is gone. Not a weak reference, which would make every
  /// other one slow.
  final class Presence {
    fileprivate(set) var isThere = true
  }

  let presence = Presence()

  /// The lane that was last asked whether it isolates the present context.
  @safe @exclusivity(unchecked) var lastAsked: Lane?

  @safe @exclusivity(unchecked) private var progress = Progress()
  @safe @exclusivity(unchecked) private var schedule: SplitMix64
  private var seeds: SplitMix64
  @safe @exclusivity(unchecked) private var ready: [ReadyJob] = []
  /// Of `ready`, what FIFO order has run already.
  @safe @exclusivity(unchecked) private var head = 0
  @safe @exclusivity(unchecked) private var sequence: UInt64 = 0
  private var laneCount: UInt64 = 0
  private var timers = TimerQueue()
  /// All of them to the end, so that lanes and jobs may name them without counting references.
  private var processes: [SimulatedProcess] = []

  /// What has happened so far, as a count and as a hash.
  private struct Progress {
    var steps = 0
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func mix(_ value: UInt64) {
      self.hash = (self.hash ^ value) &* 0x100_0000_01b3
      self.hash ^= self.hash >> 29
    }

    mutating func step(_ sequence: UInt64, on lane: UInt64, at now: Int64) {
      self.steps += 1
      self.mix(sequence)
      self.mix(lane)
      self.mix(UInt64(bitPattern: now))
    }
  }

  package var steps: Int { self.progress.steps }

  /// Equal in two runs if the same jobs ran in the same order, on the same lanes, at the same times, and
  /// `mix` was given the same.
  package var traceHash: UInt64 { self.progress.hash }

  @safe
  struct ReadyJob {
    let job: UnownedJob
    // SAFETY: until the job runs its task holds the actor that it runs on, and that its lane; the
    // simulation holds its processes.
    private unowned(unsafe) let unsafeLane: Lane?
    private unowned(unsafe) let unsafeProcess: SimulatedProcess?
    let sequence: UInt64

    /// - Parameter process: `nil` for a stray.
    init(job: UnownedJob, lane: Lane?, process: SimulatedProcess?, sequence: UInt64) {
      self.job = job
      unsafe self.unsafeLane = lane
      unsafe self.unsafeProcess = process
      self.sequence = sequence
    }

    var lane: Lane? { unsafe self.unsafeLane }
    var process: SimulatedProcess? { unsafe self.unsafeProcess }
  }

  package init(seed: UInt64, order: Order = .random, lanes: Lanes = .onePerActor) {
    var generator = SplitMix64(seed: seed)
    self.seed = seed
    self.order = order
    self.lanes = lanes
    self.schedule = SplitMix64(seed: generator.next())
    self.seeds = SplitMix64(seed: generator.next())
  }

  deinit { self.presence.isThere = false }

  /// Lets go of all that the world has left with it, which holds it in turn. Nothing runs any more.
  package func dismantle() {
    self.presence.isThere = false
    self.observer = nil
    self.timers = TimerQueue()
    self.ready = []
    self.lastAsked = nil
    self.processes = []
  }

  /// A generator of its own for one part of the world, so that parts do not shift each other's draws.
  package func makeGenerator() -> SplitMix64 { SplitMix64(seed: self.seeds.next()) }

  /// - Parameter clock: that of the machine it runs on; by default one of its own.
  package func makeProcess(_ name: String, clock: SimulatedClock? = nil) -> SimulatedProcess {
    let process = SimulatedProcess(
      name, number: UInt32(self.processes.count + 1), clock: clock ?? SimulatedClock(of: self),
      of: self)
    self.processes.append(process)
    return process
  }

  // MARK: Jobs

  func enqueue(_ job: UnownedJob, lane: Lane?, of process: SimulatedProcess?) {
    precondition(
      Self.current === self,
      "a job came from outside the simulation's thread: a real clock, queue or thread is in use")
    self.sequence += 1
    self.add(ReadyJob(job: job, lane: lane, process: process, sequence: self.sequence))
  }

  /// Adds a job, or leaves it to its process to give back when that runs again.
  func add(_ job: ReadyJob) {
    if let process = job.process, process.keeps(job) { return }
    self.ready.append(job)
  }

  func addStray(_ job: UnownedJob) {
    self.strays += 1
    self.enqueue(job, lane: nil, of: nil)
  }

  func nextLaneNumber() -> UInt64 {
    self.laneCount += 1
    return self.laneCount
  }

  private func takeReady() -> ReadyJob? {
    switch self.order {
    case .random:
      return self.ready.takeAny(using: &self.schedule)
    case .fifo:
      if self.head == self.ready.count {
        self.ready.removeAll(keepingCapacity: true)
        self.head = 0
        return nil
      }
      defer { self.head += 1 }
      return self.ready[self.head]
    }
  }

  // MARK: Time

  /// Calls `body` at `time`, or as soon as nothing is ready if that has passed.
  @discardableResult
  package func at(_ time: Int64, _ body: @escaping () -> Void) -> TimerQueue.Ticket {
    self.timers.add(at: max(time, self.now), tie: self.schedule.next(), body)
  }

  @discardableResult
  package func after(_ duration: Duration, _ body: @escaping () -> Void) -> TimerQueue.Ticket {
    self.at(self.now + max(0, duration.wholeNanoseconds), body)
  }

  /// Takes a timer back; one that has fired is left alone.
  package func cancel(_ ticket: TimerQueue.Ticket) { self.timers.cancel(ticket) }

  // MARK: The loop

  /// Makes `value` part of the trace hash.
  package func mix(_ value: UInt64) { self.progress.mix(value) }

  /// Runs `body` as a task of `process` to its end, on the calling thread.
  ///
  /// - Throws: `Failure`. Tasks that are left then are abandoned where they wait.
  package func run<Value: Sendable>(
    as process: SimulatedProcess, stepLimit: Int = .max,
    _ body: @escaping @Sendable () async -> Value
  ) throws(Failure) -> Value {
    StrayHook.install()
    let outer = Self.current
    Self.current = self
    defer { Self.current = outer }
    let result = Confined(Box<Value>())
    // Owned by this loop, which ends when the task does.
    Task(executorPreference: process) { result.value.content = await body() }
    while true {
      if let next = self.takeReady() {
        // It was ready before its process was paused, or took up another job.
        if let process = next.process, process.keeps(next) { continue }
        self.progress.step(next.sequence, on: next.lane?.number ?? 0, at: self.now)
        self.run(next)
        if let value = result.value.content { return value }
        guard self.steps < stepLimit else { throw .stepLimit(time: self.now) }
      } else if let timer = self.timers.next() {
        self.now = timer.time
        timer.body()
      } else {
        throw .deadlock(time: self.now, step: self.steps)
      }
    }
  }

  /// Calls `body` as between two jobs: for looking at actors after a run that came to no end.
  package func afterwards<Value>(_ body: () -> Value) -> Value {
    let outer = Self.current
    Self.current = self
    defer { Self.current = outer }
    return body()
  }

  private func run(_ next: ReadyJob) {
    // A stray has no process; it runs where the runtime would have put it, on nobody's behalf.
    let process = next.process ?? self.limbo
    // Held: the job may let go of its actor.
    let lane = next.lane
    if let lane {
      unsafe next.job.runSynchronously(
        isolatedTo: lane.asUnownedSerialExecutor(), taskExecutor: process.asUnownedTaskExecutor())
    } else {
      unsafe next.job.runSynchronously(on: process.asUnownedTaskExecutor())
    }
    process.hasRun()
    self.observer?(lane)
  }

  private lazy var limbo = self.makeProcess("limbo")
}

/// Carries a result out of a task.
private final class Box<Value> {
  var content: Value?
}

extension SplitMix64 {
  /// A uniform number in 0..<count.
  package mutating func below(_ count: Int) -> Int {
    precondition(count > 0, "nothing to choose from")
    return Int(self.next().multipliedFullWidth(by: UInt64(count)).high)
  }

  package mutating func chance(_ probability: Double) -> Bool {
    probability > 0 && self.nextUnit() < probability
  }

  /// A uniform duration within `range`.
  package mutating func duration(in range: ClosedRange<Duration>) -> Duration {
    range.lowerBound + (range.upperBound - range.lowerBound) * self.nextUnit()
  }
}

extension Array {
  /// Takes out an element that `generator` chooses; the order of the others does not last.
  fileprivate mutating func takeAny(using generator: inout SplitMix64) -> Element? {
    guard let last = self.popLast() else { return nil }
    let place = generator.below(self.count + 1)
    guard place < self.count else { return last }
    let taken = self[place]
    self[place] = last
    return taken
  }
}
