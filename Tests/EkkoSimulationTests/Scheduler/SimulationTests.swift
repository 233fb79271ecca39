import EkkoCore
import EkkoSimulation
import Testing

/// The simulator itself: it finds interleavings, keeps time, tells what is stuck, and repeats itself.
struct SimulationTests {
  @Test func `a lost update across actors is found in many seeds`() throws {
    let found = try (UInt64(0)..<300).filter { try Self.losesUpdate(seed: $0, lanes: .onePerActor) }

    #expect(found.count >= 90)
  }

  @Test func `actors that share a lane hide it`() throws {
    let found = try (UInt64(0)..<300).filter { try Self.losesUpdate(seed: $0, lanes: .shared) }

    #expect(found.count < 3)
  }

  @Test func `one seed is one run`() throws {
    let first = try Self.traceHash(seed: 7)
    let second = try Self.traceHash(seed: 7)
    let other = try Self.traceHash(seed: 8)

    #expect(first == second)
    #expect(first != other)
  }

  @Test func `a day passes in a step`() throws {
    let simulation = Simulation(seed: 1)
    let process = simulation.makeProcess("sleeper")
    let clock = process.clock

    let passed = try simulation.run(as: process) {
      let start = clock.now().monotonic
      try? await clock.sleep(for: .seconds(86_400))
      return start.duration(to: clock.now().monotonic)
    }

    #expect(passed == .seconds(86_400))
    #expect(simulation.steps < 10)
  }

  /// One to come back from the wait, one to come back to the actor.
  @Test func `a sleep or a wait of an actor takes two jobs`() throws {
    let simulation = Simulation(seed: 1)
    let process = simulation.makeProcess("sleeper")
    let clock = process.clock
    let count = 100

    try simulation.run(as: process) {
      let sleeper = Sleeper(runtime: process.runtime)
      await sleeper.sleep(count, on: clock)
    }
    let sleeping = simulation.steps
    try simulation.run(as: process) {
      let sleeper = Sleeper(runtime: process.runtime)
      let wakeup = Wakeup()
      await withDiscardingTaskGroup { group in
        group.addTask { await sleeper.wait(count, on: wakeup) }
        for _ in 0..<count {
          try? await clock.sleep(for: .milliseconds(1))
          wakeup.signal()
        }
      }
    }

    #expect(sleeping <= 2 * count + 10)
    // Of these, one each is the signaller's.
    #expect(simulation.steps - sleeping <= 3 * count + 10)
  }

  @Test func `what nothing will wake is a deadlock, with its time`() throws {
    let simulation = Simulation(seed: 1)
    let process = simulation.makeProcess("waiter")
    let clock = process.clock
    let never = Wakeup()

    #expect(throws: Simulation.Failure.deadlock(time: 3_000_000_000, step: 2)) {
      try simulation.run(as: process) {
        try? await clock.sleep(for: .seconds(3))
        await never.waitIgnoringCancellation()
      }
    }
  }

  @Test func `a task without an owner is counted`() throws {
    let simulation = Simulation(seed: 1)
    let process = simulation.makeProcess("spawner")

    try simulation.run(as: process) { await Task {}.value }

    #expect(simulation.strays > 0)
  }

  @Test func `cancelling ends a sleep at once`() throws {
    let simulation = Simulation(seed: 3)
    let process = simulation.makeProcess("sleeper")
    let clock = process.clock

    let slept = try simulation.run(as: process) {
      await withTaskGroup(of: Bool.self) { group in
        group.addTask { (try? await clock.sleep(for: .seconds(60))) != nil }
        group.cancelAll()
        return await group.next()!
      }
    }

    #expect(!slept)
    #expect(simulation.now == 0)
  }

  @Test func `a paused process stands still while time goes on`() throws {
    let simulation = Simulation(seed: 3)
    let world = simulation.makeProcess("world")
    let other = simulation.makeProcess("other")
    let clock = world.clock

    let before = try simulation.run(as: world) {
      let counter = Counter(runtime: other.runtime)
      other.pause()
      let task = other.runtime.spawn(on: Home(index: 0)) { await counter.add() }
      try? await clock.sleep(for: .seconds(1))
      let before = counter.seen
      other.resume()
      await task.value
      return (before, counter.seen)
    }

    #expect(before == (0, 1))
    #expect(other.delayedJobs > 0)
  }

  /// Found by simulation, as a crash: whoever watches the jobs was given a lane that had gone with it.
  @Test func `a job may let go of its own actor`() throws {
    let simulation = Simulation(seed: 1)
    let process = simulation.makeProcess("leaver")
    let farewell = Farewell()
    simulation.observer = { lane in
      if farewell.lane == nil, !farewell.isSaid { farewell.lane = lane }
      if farewell.isSaid, farewell.wasLaneThere == nil {
        farewell.wasLaneThere = farewell.lane != nil
      }
    }

    try simulation.run(as: process) {
      await Leaver(runtime: process.runtime).leave(farewell)
      while !farewell.isSaid { await Task.yield() }
    }

    #expect(farewell.wasLaneThere == true)
    #expect(farewell.lane == nil)
  }

  // MARK: A check and an act with an await between them

  private static func losesUpdate(seed: UInt64, lanes: Simulation.Lanes) throws -> Bool {
    let simulation = Simulation(seed: seed, lanes: lanes)
    let process = simulation.makeProcess("clients")
    return try simulation.run(as: process) {
      let register = Register(runtime: process.runtime)
      await withDiscardingTaskGroup { group in
        for _ in 0..<2 {
          let incrementer = Incrementer(runtime: process.runtime, register: register)
          group.addTask { await incrementer.increment() }
        }
      }
      return await register.value != 2
    }
  }

  private static func traceHash(seed: UInt64) throws -> UInt64 {
    let simulation = Simulation(seed: seed)
    let process = simulation.makeProcess("clients")
    let clock = process.clock
    try simulation.run(as: process) {
      await withDiscardingTaskGroup { group in
        for index in 0..<8 {
          group.addTask { try? await clock.sleep(for: .milliseconds(index % 3)) }
        }
      }
    }
    return simulation.traceHash
  }
}

private actor Sleeper {
  private let executor: ActorExecutor
  nonisolated var unownedExecutor: UnownedSerialExecutor { self.executor.unowned }

  init(runtime: Runtime) { self.executor = runtime.executor(for: Home(index: 0)) }

  func sleep(_ count: Int, on clock: any RuntimeClock) async {
    for _ in 0..<count { try? await clock.sleep(for: .milliseconds(1)) }
  }

  func wait(_ count: Int, on wakeup: Wakeup) async {
    for _ in 0..<count { await wakeup.wait() }
  }
}

/// Only its last job holds it in the end.
private actor Leaver {
  private let executor: ActorExecutor
  nonisolated var unownedExecutor: UnownedSerialExecutor { self.executor.unowned }

  init(runtime: Runtime) { self.executor = runtime.executor(for: Home(index: 0)) }

  func leave(_ farewell: Farewell) {
    Task { self.say(farewell) }
  }

  private func say(_ farewell: Farewell) { farewell.isSaid = true }
}

// SAFETY (Sendable): touched on the simulation's thread only.
private final class Farewell: @unchecked Sendable {
  var isSaid = false
  weak var lane: Lane?
  var wasLaneThere: Bool?
}

private actor Register {
  var value = 0
  private let executor: ActorExecutor
  nonisolated var unownedExecutor: UnownedSerialExecutor { self.executor.unowned }

  init(runtime: Runtime) { self.executor = runtime.executor(for: Home(index: 0)) }

  func set(_ value: Int) { self.value = value }
}

private actor Incrementer {
  private let register: Register
  private let executor: ActorExecutor
  nonisolated var unownedExecutor: UnownedSerialExecutor { self.executor.unowned }

  init(runtime: Runtime, register: Register) {
    self.register = register
    self.executor = runtime.executor(for: Home(index: 0))
  }

  func increment() async {
    let value = await self.register.value
    await self.register.set(value + 1)
  }
}

private actor Counter {
  private var count = 0
  private let executor: ActorExecutor
  nonisolated var unownedExecutor: UnownedSerialExecutor { self.executor.unowned }

  init(runtime: Runtime) { self.executor = runtime.executor(for: Home(index: 0)) }

  func add() { self.count += 1 }

  /// As a checker sees it between two jobs.
  nonisolated var seen: Int { self.assumeIsolated { $0.count } }
}
