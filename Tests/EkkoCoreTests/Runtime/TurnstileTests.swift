import EkkoCore
import Testing

@Suite(.timeLimit(.minutes(5))) struct TurnstileTests {
  /// On one actor, so that the order of starting is the order of arrival.
  @Test @MainActor func `tasks pass one at a time in the order of arrival`() async {
    let turnstile = Turnstile()
    var log: [Int] = []
    #expect(await turnstile.enter())
    let tasks = (0..<5).map { index in
      Task { @MainActor in
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

    #expect(log == [0, 0, 1, 1, 3, 3, 4, 4])
    #expect(await turnstile.enter())
  }

  @Test(arguments: 0..<20)
  func `cancelling at any moment loses no turn`(round: Int) async {
    let turnstile = Turnstile()
    let tasks = (0..<20).map { _ in
      Task {
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
