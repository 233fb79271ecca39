import EkkoCore
import EkkoReplication
import EkkoSimulation
import EkkoTransport
import Testing

@testable import EkkoClient

/// Large requests over a narrow link, in virtual time: the node says nothing until it has all of one, and
/// what else is asked of it waits behind that.
@Suite(.timeLimit(.minutes(5))) struct UploadTests {
  /// A megabyte.
  private static let upload = Request.read(
    ReadRequest(
      model: ModelID(rawValue: 1), missing: .report,
      parts: [ReadRequest.Part(table: TableID(rawValue: 0), keys: Array(0..<125_000))]))

  /// How a call ended, and how long it took.
  struct Ending: Sendable {
    let reply: Result<Reply?, LinkError>
    let time: Duration
  }

  /// Runs `body` with a link to a node that is reached by 200,000 bytes a second.
  ///
  /// - Parameters:
  ///   - end: the byte from which on nothing arrives.
  ///   - isMute: whether the node answers nothing.
  private static func run<Value: Sendable>(
    end: Int = .max, isMute: Bool = false,
    _ body: @escaping @Sendable (Asker) async -> Value
  ) throws -> Value {
    let simulation = Simulation(seed: 1)
    let process = simulation.makeProcess("client")
    return try simulation.run(as: process) { () async -> Result<Value, any Error> in
      do {
        let (link, node) = try await ClientLinkTests.openPair(on: process.runtime) {
          SlowChannel($0, bytesPerSecond: 200_000, end: end, clock: process.clock)
        }
        await link.start()
        let answering = process.runtime.spawn(on: Home(index: 0)) {
          await Self.answer(node, isMute: isMute)
        }
        let value = await body(Asker(link: link, clock: process.clock))
        answering.cancel()
        node.abort()
        await link.close()
        await answering.value
        return .success(value)
      } catch {
        return .failure(error)
      }
    }.get()
  }

  private static func answer(_ node: Link, isMute: Bool) async {
    var assembler = MessageAssembler(byteLimit: 64 << 20)
    while let frames = try? await node.receive(), !frames.isEmpty {
      for frame in frames where frame.kind == RequestFrameKind.request && !isMute {
        guard case .complete(let request)? = try? assembler.take(frame) else { continue }
        let reply = Message(stream: request.stream, body: Reply.failed(.tooLate).encode())
        try? await node.send(reply.frames(kind: RequestFrameKind.reply))
      }
    }
  }

  private struct Asker: Sendable {
    let link: ClientLink
    let clock: SimulatedClock

    func ask(_ request: Request, within time: Duration) async -> Ending {
      let start = self.clock.now().monotonic
      let reply: Result<Reply?, LinkError>
      do throws(LinkError) {
        reply = .success(try await self.link.ask(request, until: start.advanced(by: time)))
      } catch {
        reply = .failure(error)
      }
      return Ending(reply: reply, time: start.duration(to: self.clock.now().monotonic))
    }
  }

  @Test func `a link over which an upload still leaves is not given up`() throws {
    let ending = try Self.run { await $0.ask(Self.upload, within: .seconds(30)) }

    #expect(try ending.reply.get() != nil)
    #expect(ending.time > .seconds(4))
  }

  @Test func `a link over which an upload gets stuck is given up`() throws {
    let ending = try Self.run(end: 600_000) { await $0.ask(Self.upload, within: .seconds(30)) }

    #expect(throws: LinkError.self) { try ending.reply.get() }
    #expect(ending.time > .seconds(4) && ending.time < .seconds(5))
  }

  /// What leaves after the question is no sign of life: the machine takes it, the node may hang.
  @Test func `a link over which all leaves and nothing comes is given up`() throws {
    let last = try Self.run(isMute: true) { asker in
      var ending = await asker.ask(.catalogue, within: .milliseconds(100))
      var time = ending.time
      while case .success = ending.reply, time < .seconds(10) {
        ending = await asker.ask(.catalogue, within: .milliseconds(100))
        time += ending.time
      }
      return Ending(reply: ending.reply, time: time)
    }

    #expect(throws: LinkError.self) { try last.reply.get() }
    #expect(last.time < .seconds(4))
  }

  @Test func `a call behind an upload ends at its deadline`() throws {
    let endings = try Self.run { asker in
      async let upload = asker.ask(Self.upload, within: .seconds(30))
      try? await asker.clock.sleep(for: .milliseconds(100))
      let ending = await asker.ask(.catalogue, within: .seconds(1))
      return (await upload, ending)
    }

    #expect(try endings.1.reply.get() == nil)
    #expect(endings.1.time < .milliseconds(1100))
    #expect(try endings.0.reply.get() != nil)
  }
}
