import EkkoClient
import EkkoCore
import EkkoNode
import EkkoReplication
import EkkoStorage
import EkkoTransport
import Testing

/// A node answers so many requests of one link at a time; it tells others to come again.
@Suite(.serialized, .timeLimit(.minutes(5))) struct EkkoClientBusyTests {
  private static let requestsPerLink = 64

  /// Takes `count` of the requests that the client's link may carry, for as long as they are open.
  private static func occupy(
    _ count: Int, of client: EkkoClient
  ) async throws -> [TableChanges] {
    var watches: [TableChanges] = []
    for _ in 0..<count { watches.append(try await client.changes(of: "notes", in: "m")) }
    return watches
  }

  /// One node with a model of one shard, which remembers a client's writes together.
  private static func start(_ store: TestStore) async throws -> StoreNode {
    let node = try await store.start("a", .training, dataCentre: "dc1")
    let client = store.client(node)
    try await client.createModel("m", shards: 1, tables: TestStore.tables)
    await client.close()
    return node
  }

  @Test
  func `a push to a full node waits longer and longer, and is applied once when there is room`()
    async throws
  {
    try await TestStore.with { store in
      let node = try await Self.start(store)
      let clock = ManualClock()
      let client = store.client(node, clock: clock)
      let watches = try await Self.occupy(Self.requestsPerLink, of: client)

      let pushed = store.runtime.spawn(on: Home(index: 0)) {
        () async -> Result<WriteReceipt, EkkoError> in
        do throws(EkkoError) {
          return .success(try await client.push([7], [1, 0, 0, 2], to: "embedding", of: "m"))
        } catch {
          return .failure(error)
        }
      }
      // First the push itself, then the look at the catalogue that precedes another attempt.
      for range in [20...20, 20...20, 20...20, 20...40, 40...80, 80...160, 160...320, 250...500] {
        // The link's own tick is one of the two: 20 ms, as long as the node asks for at least.
        let sleeps = try #require(await clock.sleeps { $0.count == 2 })
        #expect(sleeps[0] == .milliseconds(20))
        #expect(
          (.milliseconds(range.lowerBound)...(.milliseconds(range.upperBound)))
            .contains(sleeps[1]))
        clock.advance(by: sleeps[1])
      }
      _ = await clock.sleeps { $0.count == 2 }
      #expect(await node.rowsWritten() == 0)
      for watch in watches { await watch.cancel() }
      let driver = store.runtime.spawn(on: Home(index: 1)) {
        while let pause = await clock.sleeps({ $0.count == 2 })?.last { clock.advance(by: pause) }
      }
      let receipt = try await pushed.value.get()
      driver.cancel()
      await driver.value

      let rows = try await client.get([7], from: "embedding", of: "m")
      #expect(rows.values == [-0.5, 0, 0, -1])
      #expect(rows.versions == receipt.versions[0])
      #expect(await node.rowsWritten() == 1)
      await client.close()
    }
  }

  @Test func `a push to a node that stays full is given up when its time is over, and not applied`()
    async throws
  {
    try await TestStore.with { store in
      let node = try await Self.start(store)
      let clock = ManualClock()
      let client = store.client(node, timeout: .seconds(3), clock: clock)
      let watches = try await Self.occupy(Self.requestsPerLink, of: client)
      let start = clock.now().monotonic
      let driver = store.runtime.spawn(on: Home(index: 1)) {
        while let pause = await clock.sleeps({ $0.count == 2 })?.last { clock.advance(by: pause) }
      }

      await #expect(throws: EkkoError.unreachable("\(node.endpoint) is busy")) {
        try await client.push([7], [1, 0, 0, 2], to: "embedding", of: "m")
      }

      #expect(start.duration(to: clock.now().monotonic) <= .seconds(3))
      driver.cancel()
      await driver.value
      #expect(await node.rowsWritten() == 0)
      for watch in watches { await watch.cancel() }
      await client.close()
    }
  }

  @Test func `a watch of a full node begins when there is room`() async throws {
    try await TestStore.with { store in
      let node = try await Self.start(store)
      let clock = ManualClock()
      let client = store.client(node, clock: clock)
      let watches = try await Self.occupy(Self.requestsPerLink, of: client)
      let driver = store.runtime.spawn(on: Home(index: 1)) {
        // The link's own tick, and the pause of a watch that was turned away.
        guard await clock.sleeps({ $0.count == 2 }) != nil else { return }
        await watches[0].cancel()
        while let pause = await clock.sleeps({ $0.count == 2 })?.last { clock.advance(by: pause) }
      }

      let changes = try await client.changes(of: "embedding", in: "m")

      driver.cancel()
      await driver.value
      try await store.client(node).push([7], [1, 0, 0, 2], to: "embedding", of: "m")
      var iterator = changes.makeAsyncIterator()
      #expect(await iterator.next()?.changes.map(\.key) == [7])
      for watch in watches + [changes] { await watch.cancel() }
      await client.close()
    }
  }

  @Test func `more pushes at once than a node takes of one link are each applied once`()
    async throws
  {
    try await TestStore.with { store in
      let node = try await Self.start(store)
      let client = store.client(node)
      let watches = try await Self.occupy(48, of: client)

      let failures = await Self.push(Array(repeating: 7, count: 300), over: client)

      #expect(failures == [])
      let rows = try await client.get([7], from: "embedding", of: "m")
      #expect(rows.values == [-150, 0, 0, -300])
      #expect(await node.rowsWritten() == 300)
      for watch in watches { await watch.cancel() }
      await client.close()
    }
  }

  @Test func `a push that got lost is applied once, however many others were begun after it`()
    async throws
  {
    try await TestStore.with { store in
      let node = try await Self.start(store)
      let transport = CuttingTransport(store.transport)
      let clock = ManualClock()
      let client = store.client(node, over: transport, clock: clock)
      let observer = store.client(node)
      let changes = try await observer.changes(of: "embedding", in: "m")
      _ = try await client.tables(of: "m")
      transport.cutNext(.request)

      let failures = await withTaskGroup(of: [EkkoError].self) { group in
        group.addTask { await Self.push([0], over: client) }
        // It rests before it tries again, for less than a link's tick.
        let pause = await clock.sleeps { $0.first.map { $0 < .milliseconds(20) } ?? false }?.first
        group.addTask { await Self.push(Array(1...100), over: client) }
        // All that the node tells apart from the lost one.
        var seen: Set<UInt64> = []
        for await batch in changes {
          seen.formUnion(batch.changes.map(\.key))
          if seen.count >= 63 { break }
        }
        clock.advance(by: pause ?? .zero)
        return await group.reduce(into: []) { $0 += $1 }
      }

      #expect(failures == [])
      let rows = try await client.get(Array(0...100), from: "embedding", of: "m")
      #expect(rows.values == (0...100).flatMap { _ in [-0.5, 0, 0, -1] })
      #expect(await node.rowsWritten() == 101)
      await changes.cancel()
      for client in [client, observer] { await client.close() }
    }
  }

  /// Pushes to each of `keys` in a call of its own, all at once, and answers what went wrong.
  private static func push(_ keys: [UInt64], over client: EkkoClient) async -> [EkkoError] {
    await withTaskGroup(of: EkkoError?.self) { group in
      for key in keys {
        group.addTask {
          do throws(EkkoError) {
            try await client.push([key], [1, 0, 0, 2], to: "embedding", of: "m")
            return nil
          } catch {
            return error
          }
        }
      }
      return await group.reduce(into: []) { failures, failure in
        if let failure { failures.append(failure) }
      }
    }
  }
}
