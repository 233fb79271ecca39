import EkkoClient
import EkkoCore
import EkkoNode
import EkkoReplication
import EkkoStorage
import EkkoTransport
import Testing

@Suite(.serialized, .timeLimit(.minutes(5))) struct EkkoClientTests {
  @Test func `a row put at the primary is read at an inference replica of the same session`()
    async throws
  {
    try await TestStore.with { store in
      let primary = try await store.start("a", .training, dataCentre: "dc1")
      let replica = try await store.start("b", .inference, dataCentre: "dc2", join: [primary])
      let trainer = store.client(primary)
      try await trainer.createModel("m", tables: TestStore.tables)
      let receipt = try await trainer.put(
        [1, 2], [1, 1, 1, 1, 2, 2, 2, 2], to: "embedding", of: "m", durability: .dataCentres(1))
      let server = store.client(replica)
      let rows = try await server.get([2, 9, 1], from: "embedding", of: "m")
      #expect(rows.versions == [receipt.versions[0][1], nil, receipt.versions[0][0]])
      #expect(rows[0] == [2, 2, 2, 2])
      #expect(rows[1] == [0, 0, 0, 0])
      #expect(rows.created[0] > 0 && rows.created[1] == 0)
      await trainer.close()
      await server.close()
    }
  }

  @Test func `a push applies the optimiser once, with repeated keys summed`() async throws {
    try await TestStore.with { store in
      let node = try await store.start("a", .training, dataCentre: "dc1")
      let client = store.client(node)
      try await client.createModel("m", tables: TestStore.tables)
      try await client.push([7, 7], [1, 0, 0, 0, 1, 0, 0, 2], to: "embedding", of: "m")
      let rows = try await client.get([7], from: "embedding", of: "m")
      #expect(rows.values == [-1, 0, 0, -1])
      await client.close()
    }
  }

  @Test func `writes spread over three primaries come back as one receipt`() async throws {
    try await TestStore.with { store in
      let a = try await store.start("a", .training, dataCentre: "dc1")
      let b = try await store.start("b", .training, dataCentre: "dc1", join: [a])
      let c = try await store.start("c", .training, dataCentre: "dc1", join: [a])
      #expect(await a.knows(members: 3))
      let client = store.client(a)
      try await client.createModel("m", shards: 12, tables: TestStore.tables)
      let keys = (0..<300).map { UInt64($0) }
      let receipt = try await client.put(
        keys, keys.flatMap { Array(repeating: Float($0), count: 4) }, to: "embedding", of: "m",
        durability: .replicas(2))
      #expect(Set(receipt.versions[0].map { $0?.origin }).count == 3)
      for node in [a, b, c] {
        let reader = store.client(node)
        let rows = try await reader.get(keys, from: "embedding", of: "m")
        #expect(rows.versions == receipt.versions[0])
        #expect(rows[299] == [299, 299, 299, 299])
        await reader.close()
      }
      await client.close()
    }
  }

  @Test func `what cannot be is refused whole, and names the key`() async throws {
    try await TestStore.with { store in
      let node = try await store.start("a", .training, dataCentre: "dc1")
      let client = store.client(node)
      try await client.createModel("m", tables: TestStore.tables)
      await #expect(throws: EkkoError.self) {
        try await client.put([1, 2], [1, 1, 1, 1, 1, .nan, 1, 1], to: "embedding", of: "m")
      }
      let rows = try await client.get([1], from: "embedding", of: "m")
      #expect(!rows.isFound(at: 0))
      await #expect(throws: EkkoError.unknownModel("x")) {
        try await client.get([1], from: "embedding", of: "x")
      }
      await #expect(throws: EkkoError.unknownTable(model: "m", table: "x")) {
        try await client.get([1], from: "x", of: "m")
      }
      await #expect(throws: EkkoError.self) {
        try await client.put([1], [1, 1], to: "embedding", of: "m")
      }
      await #expect(throws: EkkoError.self) {
        try await client.push([1], [1], to: "notes", of: "m")
      }
      await client.close()
    }
  }

  @Test func `bytes are stored as they are and deleted rows are gone`() async throws {
    try await TestStore.with { store in
      let node = try await store.start("a", .training, dataCentre: "dc1")
      let client = store.client(node)
      try await client.createModel("m", tables: TestStore.tables)
      try await client.write(
        [TableWrite(table: "notes", keys: [5, 6], change: .putContents([[1, 2, 3], []]))], to: "m")
      #expect(try await client.get([6, 5], from: "notes", of: "m").contents == [[], [1, 2, 3]])
      try await client.delete([5], from: "notes", of: "m")
      #expect(try await client.get([5], from: "notes", of: "m").versions == [nil])
      await client.close()
    }
  }

  @Test func `a watch tells the keys that change after it has begun`() async throws {
    try await TestStore.with { store in
      let primary = try await store.start("a", .training, dataCentre: "dc1")
      let client = store.client(primary)
      try await client.createModel("m", tables: TestStore.tables)
      try await client.put([1], [1, 1, 1, 1], to: "embedding", of: "m")
      let changes = try await client.changes(of: "embedding", in: "m")
      let receipt = try await client.put(
        [2, 3], Array(repeating: 2, count: 8), to: "embedding", of: "m")
      var seen: [UInt64: ParameterVersion] = [:]
      for await batch in changes {
        for change in batch.changes { seen[change.key] = change.version }
        if seen.count == 2 { break }
      }
      #expect(seen == [2: receipt.versions[0][0]!, 3: receipt.versions[0][1]!])
      await changes.cancel()
      await client.close()
    }
  }

  @Test func `a replica that lacks what the session has seen says that it is behind`()
    async throws
  {
    try await TestStore.with { store in
      let node = try await store.start("a", .training, dataCentre: "dc1")
      let founder = store.client(node)
      try await founder.createModel("m", tables: TestStore.tables)
      let model = try #require(await founder.catalogue.models.first)
      var session = Session()
      var unheardOf = VersionVector()
      unheardOf.observe(
        ParameterVersion(timestamp: Timestamp(rawValue: 1), origin: IncarnationID(rawValue: 1)))
      session.seen[ShardID(model: model.id, index: 3)] = unheardOf
      // Its time stands still, so that what ends the wait is the node's verdict alone.
      let client = store.client(node, timeout: .milliseconds(100), clock: ManualClock())

      await #expect(throws: EkkoError.tooLate) {
        try await client.get(
          [TableRead(table: "embedding", keys: [1])], of: "m", session: &session)
      }
      await client.close()
    }
  }

  @Test func `a node that nobody answers is unreachable within the timeout`() async throws {
    try await TestStore.with { store in
      let client = EkkoClient(
        endpoints: [Endpoint(host: "127.0.0.1", port: 9)], transport: store.transport,
        runtime: store.runtime, timeout: .milliseconds(50))
      await #expect(throws: EkkoError.self) { try await client.tables(of: "m") }
      await client.close()
    }
  }
}
