import EkkoCore
import EkkoTransport
import Testing

/// Sleeping on core loops.
@Suite(.timeLimit(.minutes(5))) struct LoopClockTests {
  @Test(arguments: PollMethod.allCases)
  func `a sleep ends at its time, on the loop it began on`(method: PollMethod) async throws {
    let loops = try CoreLoops.start(count: 2, method: method)
    let clock = LoopClock(loops: loops)
    for index in 0..<2 {
      let home = Home(index: index)
      let (isLate, isAtHome) = await Runtime.live(loops: loops).spawn(on: home) {
        let deadline = clock.now().monotonic.advanced(by: .milliseconds(5))
        try? await clock.sleep(until: deadline)
        return (clock.now().monotonic >= deadline, loops[home].isCurrent)
      }.value
      #expect(isLate)
      #expect(isAtHome)
    }
    await loops.stop()
  }

  @Test func `whoever runs elsewhere can sleep as well, and a time that is past costs nothing`()
    async throws
  {
    let loops = try CoreLoops.start(count: 1)
    let clock = LoopClock(loops: loops)
    try await clock.sleep(for: .milliseconds(1))
    try await clock.sleep(until: .zero)
    await loops.stop()
  }

  @Test(arguments: PollMethod.allCases)
  func `sleepers wake in the order of their times`(method: PollMethod) async throws {
    let loops = try CoreLoops.start(count: 1, method: method)
    let clock = LoopClock(loops: loops)
    let order = await Runtime.live(loops: loops).spawn(on: Home(index: 0)) {
      await withTaskGroup(of: Int.self) { group in
        let start = clock.now().monotonic
        for number in [3, 1, 2, 0] {
          group.addTask {
            try? await clock.sleep(until: start.advanced(by: .milliseconds(50 * (number + 1))))
            return number
          }
        }
        var order: [Int] = []
        for await number in group { order.append(number) }
        return order
      }
    }.value
    #expect(order == [0, 1, 2, 3])
    await loops.stop()
  }

  @Test(arguments: PollMethod.allCases)
  func `cancellation ends a sleep, before it and during it`(method: PollMethod) async throws {
    let loops = try CoreLoops.start(count: 1, method: method)
    let runtime = Runtime.live(loops: loops)
    for _ in 0..<200 {
      let sleeping = runtime.spawn(on: Home(index: 0)) { () -> Bool in
        do {
          try await runtime.clock.sleep(for: .seconds(3600))
          return false
        } catch {
          return error is CancellationError
        }
      }
      sleeping.cancel()
      #expect(await sleeping.value)
    }
    await loops.stop()
  }
}
