import EkkoCore
import Testing

@testable import EkkoTransport

/// The waiting primitives under channels and links.
@Suite(.timeLimit(.minutes(5))) struct TurnstileTests {
  @Test func `tasks pass one at a time in the order of arrival`() async throws {
    try await withLoops { loops in
      let runtime = Runtime.live(loops: loops)
      let turnstile = Turnstile()
      let log = Log()
      #expect(await turnstile.enter())
      // All on one loop: the order of spawning is the order of arrival.
      let tasks = (0..<5).map { index in
        runtime.spawn(on: Home(index: 0)) {
          guard await turnstile.enter() else { return }
          log.append(index)
          await Task.yield()
          log.append(index)
          turnstile.leave()
        }
      }
      for _ in 0..<20 { await Task.yield() }
      tasks[2].cancel()
      await tasks[2].value
      turnstile.leave()
      for task in tasks { await task.value }

      #expect(log.entries == [0, 0, 1, 1, 3, 3, 4, 4])
      #expect(await turnstile.enter())
    }
  }

  @Test(arguments: 0..<20)
  func `cancelling at any moment loses no turn`(round: Int) async throws {
    try await withLoops { loops in
      let runtime = Runtime.live(loops: loops)
      let turnstile = Turnstile()
      let tasks = (0..<20).map { index in
        runtime.spawn(on: Home(index: index)) {
          for _ in 0..<10 where await turnstile.enter() {
            await Task.yield()
            turnstile.leave()
          }
        }
      }
      for index in stride(from: round % 3, to: 20, by: 3) { tasks[index].cancel() }
      for task in tasks { await task.value }

      #expect(await turnstile.enter())
    }
  }

  @Test func `a deadline ends what is late and lets pass what is not`() async {
    let clock = SystemClock()
    #expect(await withDeadline(.seconds(3600), clock: clock) { 7 } == 7)
    let late = await withDeadline(.milliseconds(1), clock: clock) {
      let never = Wakeup()
      await never.wait()
      return Task.isCancelled
    }
    #expect(late == nil)
  }
}
