import EkkoCore
import EkkoReplication
import EkkoSimulation
import EkkoTransport
import Testing

@testable import EkkoClient

@Suite(.timeLimit(.minutes(5))) struct ClientLinkTests {
  private static func identity(_ name: String, roles: RoleSet) -> LinkIdentity {
    LinkIdentity(
      cluster: ClusterID(rawValue: 7), name: name,
      incarnation: IncarnationID(rawValue: UInt64(roles.rawValue)),
      roles: roles, dataCentre: "dc", form: nil)
  }

  @Test func `when a link ends, its requests end in the order they were made`() async throws {
    let count = 40
    let loops = try CoreLoops.start(count: 1)
    let runtime = Runtime.live(loops: loops)
    let ended = await runtime.spawn(on: Home(index: 0)) { () async -> [Int]? in
      try? await Self.end(count, on: runtime)
    }.value
    #expect(ended == Array(0..<count))
    await loops.stop()
  }

  @Test func `a link that owes no answer does nothing`() throws {
    let simulation = Simulation(seed: 1)
    let process = simulation.makeProcess("client")

    let steps = try simulation.run(as: process) { () async -> Int? in
      guard let (link, node) = try? await Self.openPair(on: process.runtime) else { return nil }
      await link.start()
      let before = simulation.steps
      try? await process.clock.sleep(for: .seconds(3600))
      let steps = simulation.steps - before
      node.abort()
      await link.close()
      return steps
    }

    #expect((steps ?? .max) < 10)
  }

  /// Found by simulation: a box on the way had kept an answer, and delivered it over the next link, where
  /// another request waited under the same number.
  @Test func `an answer of an earlier link answers nothing on the next`() throws {
    let simulation = Simulation(seed: 1)
    let process = simulation.makeProcess("client")

    let answers = try simulation.run(as: process) { () async -> [Reply?] in
      var kept: UInt32 = 0
      var answers: [Reply?] = []
      for _ in 0..<2 {
        guard let (link, node) = try? await Self.openPair(on: process.runtime) else { break }
        await link.start()
        async let answer = try? link.ask(
          .catalogue, until: process.clock.now().monotonic.advanced(by: .seconds(1)))
        let asked = (try? await node.receive())?.first?.stream ?? 0
        if kept == 0 { kept = asked }
        let message = Message(stream: kept, body: Reply.failed(.tooLate).encode())
        try? await node.send(message.frames(kind: RequestFrameKind.reply))
        answers.append(await answer)
        node.abort()
        await link.close()
      }
      return answers
    }

    #expect(answers.map { $0 != nil } == [true, false])
  }

  /// - Parameter slow: what the node reads from instead of its channel.
  static func openPair(
    on runtime: Runtime, slow: @escaping @Sendable (any ByteChannel) -> any ByteChannel = { $0 }
  ) async throws -> (ClientLink, node: Link) {
    let home = Home(index: 0)
    var limits = ChannelLimits()
    limits.readByteCount = 16 << 10
    let transport = MemoryTransport(limits: limits)
    let listener = try await transport.listen(
      on: Endpoint(host: "127.0.0.1", port: 0), homes: [home])
    let node = runtime.spawn(on: home) { () async -> Link? in
      guard let channel = try? await listener.accept() else { return nil }
      return try? await Link.accept(
        slow(channel), as: Self.identity("node", roles: .training), secret: nil, runtime: runtime)
    }
    let channel = try await transport.connect(to: listener.endpoint, on: home)
    let link = try await Link.open(
      channel, as: Self.identity("client", roles: .client), secret: nil, runtime: runtime)
    let accepted = try #require(await node.value)
    await listener.close()
    return (ClientLink(link, runtime: runtime), accepted)
  }

  /// Makes `count` requests of a node that only counts them, then goes away.
  private static func end(_ count: Int, on runtime: Runtime) async throws -> [Int] {
    let home = Home(index: 0)
    let transport = MemoryTransport()
    let listener = try await transport.listen(
      on: Endpoint(host: "127.0.0.1", port: 0), homes: [home])
    let node = runtime.spawn(on: home) {
      guard let channel = try? await listener.accept(),
        let link = try? await Link.accept(
          channel, as: Self.identity("node", roles: .training), secret: nil, runtime: runtime)
      else { return }
      var received = 0
      while received < count, let frames = try? await link.receive() { received += frames.count }
      link.abort()
    }
    let channel = try await transport.connect(to: listener.endpoint, on: home)
    let link = ClientLink(
      try await Link.open(
        channel, as: Self.identity("client", roles: .client), secret: nil, runtime: runtime),
      runtime: runtime)
    await link.start()
    let ended = await withTaskGroup(of: Int.self) { group in
      for number in 0..<count {
        group.addTask {
          let deadline = MonotonicTime(nanoseconds: .max)
          await #expect(throws: LinkError.self) {
            try await link.ask(.catalogue, until: deadline)
          }
          return number
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    await node.value
    await link.close()
    await listener.close()
    return ended
  }
}
