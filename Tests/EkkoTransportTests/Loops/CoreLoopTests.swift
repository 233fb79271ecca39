import EkkoCore
import EkkoTransport
import Testing

/// Core loops as executors: who runs where, what is woken, what stop leaves behind.
@Suite(.timeLimit(.minutes(5))) struct CoreLoopTests {
  /// An actor that lives on a loop.
  private actor Resident {
    private let executor: ActorExecutor
    private(set) var count = 0
    private let loop: CoreLoop

    nonisolated var unownedExecutor: UnownedSerialExecutor { self.executor.unowned }

    init(on home: Home, of loops: CoreLoops) {
      self.executor = ActorExecutor(loops.serialExecutor(for: home))
      self.loop = loops[home]
    }

    func increment() { self.count += 1 }

    /// Waits in the middle, so that the job has to come back here by itself.
    func incrementTwice(through other: Resident) async {
      self.count += 1
      await other.increment()
      precondition(self.loop.isCurrent)
      self.count += 1
    }

    nonisolated func countFromCallback() -> Int { self.assumeIsolated { $0.count } }
  }

  @Test func `actors and tasks run on the loop of their home`() async throws {
    let loops = try CoreLoops.start(count: 2)
    let runtime = Runtime.live(loops: loops)
    for index in 0..<4 {
      let home = Home(index: index)
      let resident = Resident(on: home, of: loops)

      let isAtHome = await runtime.spawn(on: home) {
        let before = loops[home].isCurrent
        await resident.increment()
        return before && loops[home].isCurrent
      }.value

      #expect(isAtHome)
      #expect(await resident.count == 1)
    }
    #expect(loops[Home(index: -1)] === loops[Home(index: 1)])
    #expect(!loops[Home(index: 0)].isCurrent)
    await loops.stop()
  }

  @Test func `a subset counts its loops from zero`() async throws {
    let loops = try CoreLoops.start(count: 3)
    let rest = loops.subset(1..<3)

    #expect(rest[Home(index: 0)] === loops[Home(index: 1)])
    #expect(rest[Home(index: 2)] === loops[Home(index: 1)])

    await loops.stop()
  }

  @Test(arguments: PollMethod.allCases)
  func `tasks with and without the preference lose no call between loops`(
    method: PollMethod
  ) async throws {
    let loops = try CoreLoops.start(count: 2, method: method)
    let runtime = Runtime.live(loops: loops)
    let residents = (0..<4).map { Resident(on: Home(index: $0), of: loops) }
    let (tasks, rounds) = (16, 100)

    await withTaskGroup { group in
      for index in 0..<tasks {
        let (first, second) = (residents[index % 4], residents[(index / 4) % 4])
        let body: @Sendable @concurrent () async -> Void = {
          for _ in 0..<rounds { await first.incrementTwice(through: second) }
        }
        if index % 2 == 0 {
          group.addTask { await body() }
        } else {
          group.addTask { await runtime.spawn(on: Home(index: index), body).value }
        }
      }
    }

    var total = 0
    for resident in residents { total += await resident.count }
    #expect(total == tasks * rounds * 3)
    await loops.stop()
  }

  @Test(arguments: PollMethod.allCases)
  func `a continuation resumed elsewhere comes back to the loop`(
    method: PollMethod
  ) async throws {
    let loops = try CoreLoops.start(count: 2, method: method)
    let runtime = Runtime.live(loops: loops)
    let (near, far) = (Home(index: 0), Home(index: 1))

    let stayed = await runtime.spawn(on: near) {
      for _ in 0..<200 {
        await withCheckedContinuation { continuation in
          // Ends by itself; nothing else waits for it.
          _ = runtime.spawn(on: far) { continuation.resume() }
        }
        guard loops[near].isCurrent else { return false }
      }
      return true
    }.value

    #expect(stayed)
    await loops.stop()
  }

  @Test func `a yield lets others of the loop run and stays on it`() async throws {
    let loops = try CoreLoops.start(count: 1)
    let runtime = Runtime.live(loops: loops)
    let home = Home(index: 0)
    let resident = Resident(on: home, of: loops)

    let seen = await runtime.spawn(on: home) {
      async let other: Void = resident.increment()
      var turns = 0
      while await resident.count == 0, turns < 1000 {
        await Task.yield()
        precondition(loops[home].isCurrent)
        turns += 1
      }
      await other
      return turns
    }.value

    #expect(seen < 1000)
    await loops.stop()
  }

  @Test func `isolation is known outside of tasks and elsewhere refused`() async throws {
    await #expect(processExitsWith: .failure) {
      let loops = try CoreLoops.start(count: 1)
      let resident = Resident(on: Home(index: 0), of: loops)
      _ = resident.countFromCallback()
    }
  }

  @Test func `time passes and sleeps end, or end early when cancelled`() async throws {
    let loops = try CoreLoops.start(count: 1)
    let runtime = Runtime.live(loops: loops)
    let before = runtime.clock.now()

    try await runtime.clock.sleep(for: .milliseconds(2))

    let after = runtime.clock.now()
    #expect(before.monotonic.duration(to: after.monotonic) >= .milliseconds(2))
    #expect(after.wall.microseconds > 1_700_000_000_000_000)
    let sleeper = runtime.spawn(on: Home(index: 0)) {
      do {
        try await runtime.clock.sleep(for: .seconds(3600))
        return false
      } catch {
        return error is CancellationError
      }
    }
    sleeper.cancel()
    #expect(await sleeper.value)
    await loops.stop()
  }

  @Test func `stopping twice is harmless and descriptors come back`() async throws {
    // In a process of its own, whose descriptors nobody else opens.
    await #expect(processExitsWith: .success) {
      let warmUp = try CoreLoop.start(name: "warm-up")
      await warmUp.stop()
      await warmUp.stop()
      let before = openDescriptors()
      for method in PollMethod.allCases {
        for _ in 0..<20 {
          let loops = try CoreLoops.start(count: 2, method: method)
          await loops.stop()
        }
      }
      let after = openDescriptors()
      // The process opens and closes a few of its own; a leak here would be 20 at least.
      precondition(after < before + 10, "\(before) descriptors became \(after)")
    }
  }
}
