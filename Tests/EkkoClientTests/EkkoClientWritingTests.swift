import EkkoClient
import EkkoCore
import EkkoNode
import EkkoReplication
import EkkoStorage
import EkkoTransport
import Testing

@Suite(.serialized, .timeLimit(.minutes(5))) struct EkkoClientWritingTests {
  /// Spread over all shards of the model.
  private static let keys = (0..<40).map { UInt64($0) }
  private static let ones = [Float](repeating: 1, count: 160)
  private static let afterOneStep = [Float](repeating: -0.5, count: 160)

  /// A store of one node with the model, and a client over links that break where the test says.
  private static func withCutLinks(
    _ body:
      @escaping @Sendable (TestStore, StoreNode, CuttingTransport, EkkoClient) async throws -> Void
  ) async throws {
    try await TestStore.with { store in
      let node = try await store.start("a", .training, dataCentre: "dc1")
      let transport = CuttingTransport(store.transport)
      let client = store.client(node, over: transport)
      try await client.createModel("m", tables: TestStore.tables)
      try await body(store, node, transport, client)
    }
  }

  // MARK: More clients than a primary remembers

  /// The primary cannot tell whether it has applied what it is sent again: its answer may be lost, and
  /// the client's place in the window taken by others.
  @Test func `a write that is sent again is not taken for a new one once clients are forgotten`()
    async throws
  {
    try await Self.withCutLinks { store, node, transport, client in
      let shards = node.node.shards.all.filter { $0.id != .catalogue }
      for number in 0...UInt64(RequestWindow.clientLimit) {
        let request = RequestID(client: ClientID(rawValue: number), sequence: 1)
        for shard in shards {
          let now = node.node.clock.now()
          _ = await shard.write([], request: request, epoch: .first, at: now)
        }
      }

      try await client.push(Self.keys, Self.ones, to: "embedding", of: "m")
      transport.cutNext(.reply)
      try await client.push(Self.keys, Self.ones, to: "embedding", of: "m")
      #expect(await node.rowsWritten() == 80)

      let other = store.client(node, over: transport)
      _ = try await other.get(Self.keys, from: "embedding", of: "m")
      transport.cutNext(.request)
      await #expect(throws: EkkoError.uncertain) {
        try await other.push(Self.keys, Self.ones, to: "embedding", of: "m")
      }
      #expect(await node.rowsWritten() == 80)
    }
  }

  // MARK: Links that break

  @Test(arguments: CuttingTransport.Moment.allCases)
  func `a push whose link breaks is sent again by itself and applied once`(
    moment: CuttingTransport.Moment
  ) async throws {
    try await Self.withCutLinks { _, node, transport, client in
      transport.cutNext(moment)
      let receipt = try await client.push(Self.keys, Self.ones, to: "embedding", of: "m")

      #expect(transport.cutCount == 1)
      let rows = try await client.get(Self.keys, from: "embedding", of: "m")
      #expect(rows.values == Self.afterOneStep)
      #expect(rows.versions == receipt.versions[0])
      #expect(await node.rowsWritten() == 40)
    }
  }

  @Test func `a push whose reply is lost gets its first answer from the request window`()
    async throws
  {
    try await Self.withCutLinks { _, node, transport, client in
      let model = try #require(await client.catalogue.models.first)
      let request = Request.write(
        WriteRequest(
          model: model.id, epoch: model.epoch, term: model.term,
          request: RequestID(client: ClientID(rawValue: 7), sequence: 1), durability: .primary,
          parts: [
            WriteRequest.Part(
              kind: .push, table: TableID(rawValue: 0), keys: Self.keys, floats: Self.ones)
          ]))
      let deadline = await client.deadline()

      transport.cutNext(.reply)
      let first = await client.attempt(request, at: node.endpoint, until: deadline)
      let atFirst = await node.rowsWritten()
      let second = await client.attempt(request, at: node.endpoint, until: deadline)

      guard case .again(pause: .zero, why: _, wasAsked: true) = first else {
        Issue.record("the lost reply came through: \(first)")
        return
      }
      #expect(atFirst == 40)
      guard case .reply(.written(let reply)) = second else {
        Issue.record("the second attempt was not answered: \(second)")
        return
      }
      #expect(reply.isRepeated)
      let rows = try await client.get(Self.keys, from: "embedding", of: "m")
      #expect(rows.values == Self.afterOneStep)
      #expect(rows.versions.map { $0?.timestamp } == reply.timestamps[0])
      #expect(await node.rowsWritten() == 40)
    }
  }

  // MARK: Durability

  /// Told the same time, node and client would give up at the same moment, and the client would
  /// mostly not hear why.
  @Test(arguments: [(1000, 750), (4, 3), (5000, 4750)])
  func `a node is given less time than the client waits`(
    timeoutMilliseconds: Int, allowedMilliseconds: Int
  ) async throws {
    try await TestStore.with { store in
      let listener = try await store.transport.listen(
        on: Endpoint(host: "127.0.0.1", port: 0), homes: [Home(index: 1)])
      let client = store.client(
        at: [listener.endpoint], timeout: .milliseconds(timeoutMilliseconds), clock: ManualClock())
      let asked = store.runtime.spawn(on: Home(index: 0)) {
        do throws(EkkoError) { try await client.refresh() } catch { return error as EkkoError? }
        return nil
      }
      let channel = try #require(try await listener.accept())
      let link = try await Link.accept(
        channel,
        as: LinkIdentity(
          name: "a", incarnation: store.runtime.drawIncarnation(), roles: .training,
          dataCentre: "dc1", form: .full), runtime: store.runtime)

      let frame = try #require(try await link.receive().first)

      var assembler = MessageAssembler(byteLimit: 1000)
      guard case .complete(let request) = try assembler.take(frame) else {
        Issue.record("the request has more than one frame")
        return
      }
      #expect(request.deadline == .milliseconds(allowedMilliseconds))
      let reply = Message(
        stream: request.stream, body: Reply.catalogue(CatalogueReply(Catalogue())).encode())
      try await link.send(reply.frames(kind: RequestFrameKind.reply))
      #expect(await asked.value == nil)
      await client.close()
      link.abort()
      await listener.close()
    }
  }

  @Test(arguments: [Durability.replicas(2), .dataCentres(2)])
  func `a write that too few hold in time is an error that says so, and is kept`(
    durability: Durability
  ) async throws {
    try await TestStore.with { store in
      let primary = try await store.start("a", .training, dataCentre: "dc1")
      let replica = try await store.start("b", .training, dataCentre: "dc1", join: [primary])
      // Not in full form: it counts for its data centre, but not as a replica.
      let server = try await store.start("c", .inference, dataCentre: "dc2", join: [primary])
      for node in [primary, replica, server] { #expect(await node.knows(members: 3)) }
      let patient = store.client(primary)
      try await patient.createModel("m", tables: TestStore.tables)
      try await patient.put(
        Self.keys, [Float](repeating: 0, count: 160), to: "embedding", of: "m")
      // Its time stands still, so that what ends the wait is the primaries' verdict alone.
      let client = store.client(primary, timeout: .milliseconds(100), clock: ManualClock())

      await #expect(throws: EkkoError.notDurable) {
        try await client.push(
          Self.keys, Self.ones, to: "embedding", of: "m", durability: durability)
      }

      #expect(await primary.rowsWritten() + replica.rowsWritten() == 80)
      let rows = try await patient.getFromPrimaries(
        [TableRead(table: "embedding", keys: Self.keys)], of: "m")
      #expect(rows[0].values == Self.afterOneStep)
      // What it takes less for is confirmed, on top of what was kept.
      try await patient.push(
        Self.keys, Self.ones, to: "embedding", of: "m", durability: .replicas(1))
      try await patient.push(
        Self.keys, Self.ones, to: "embedding", of: "m", durability: .dataCentres(1))
      let reader = store.client(server)
      let served = try await reader.get(Self.keys, from: "embedding", of: "m")
      #expect(served.values == [Float](repeating: -1.5, count: 160))
      for client in [client, patient, reader] { await client.close() }
    }
  }
}
