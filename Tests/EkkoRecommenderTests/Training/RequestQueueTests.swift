import Testing

@testable import EkkoRecommender

@Suite struct RequestQueueTests {
  private typealias Queue = RequestQueue<Int, String>

  @Test func `a cancelled request leaves and its answer goes nowhere`() async throws {
    let lane = Lane()
    let queue = Queue(capacity: 4)
    let first = Task(executorPreference: lane) { try await queue.submit(1) }
    let second = Task(executorPreference: lane) { try await queue.submit(2) }
    lane.drain()

    first.cancel()
    let taking = Task(executorPreference: lane) { await queue.takeAll() ?? [] }
    lane.drain()
    let taken = await taking.value
    for request in taken { queue.answer(request.number, with: .success("\(request.request)")) }
    lane.drain()

    #expect(taken.map(\.request) == [2])
    #expect(try await second.value == "2")
    await #expect(throws: CancellationError.self) { try await first.value }
    #expect(queue.count == 0)
  }

  @Test func `a request of a cancelled task is refused`() async throws {
    let lane = Lane()
    let queue = Queue(capacity: 4)
    let task = Task(executorPreference: lane) { try await queue.submit(1) }
    task.cancel()
    lane.drain()

    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(queue.count == 0)
  }

  @Test func `closing refuses those that were taken and ends the consumer`() async throws {
    let lane = Lane()
    let queue = Queue(capacity: 4)
    let task = Task(executorPreference: lane) { try await queue.submit(1) }
    lane.drain()
    let taking = Task(executorPreference: lane) { await queue.takeAll()?.count }
    lane.drain()
    #expect(await taking.value == 1)
    let waiting = Task(executorPreference: lane) { await queue.takeAll()?.count }
    lane.drain()

    queue.close()
    lane.drain()

    await #expect(throws: ServingError.stopped) { try await task.value }
    #expect(await waiting.value == nil)
  }

  @Test func `places free themselves with answers`() async throws {
    let lane = Lane()
    let queue = Queue(capacity: 1)
    for round in 0..<3 {
      let task = Task(executorPreference: lane) { try await queue.submit(round) }
      let refused = Task(executorPreference: lane) { try await queue.submit(-1) }
      lane.drain()
      let taking = Task(executorPreference: lane) { await queue.takeAll() ?? [] }
      lane.drain()
      for request in await taking.value {
        queue.answer(request.number, with: .success("\(request.request)"))
      }
      lane.drain()

      #expect(try await task.value == "\(round)")
      await #expect(throws: ServingError.overloaded(waiting: 1)) { try await refused.value }
    }
  }
}
