import EkkoCore
import EkkoSimulation
import EkkoTransport
import Testing

@testable import EkkoReplication

@Suite(.timeLimit(.minutes(5))) struct AnswerPackerTests {
  /// What a packer did over a link whose reader stayed away for three seconds.
  private struct Wait: Equatable, Sendable {
    var room = 0
    /// In whole seconds.
    var seconds: Int64 = 0
  }

  private static let frame = Frame(kind: 77, payload: [UInt8](repeating: 1, count: 60_000))

  private static func wait(pace: SendPace?) throws -> Wait {
    let simulation = Simulation(seed: 1)
    let process = simulation.makeProcess("node")
    return try simulation.run(as: process) { () async -> Wait in
      let clock = process.clock
      let pair = try? await PacedChannel.openLinks(pace: pace, on: process.runtime)
      guard let (link, reader) = pair else { return Wait() }
      try? await link.send([Self.frame])
      let home = Home(index: 0)
      let reading = process.runtime.spawn(on: home) {
        try? await clock.sleep(for: .seconds(3))
        _ = try? await reader.receive()
      }
      var packer = AnswerPacker(link: link, stream: 1, clock: clock, pieceByteLimit: 50_000)
      let start = clock.now().monotonic
      await packer.waitForTurn()
      let waited = start.duration(to: clock.now().monotonic)
      await reading.value
      link.abort()
      reader.abort()
      return Wait(room: packer.room, seconds: waited.components.seconds)
    }
  }

  @Test func `over a slow link rows are asked for only when what was sent has nearly gone`() throws
  {
    let slow = SendPace(deliveryRate: 100_000, roundTrip: .zero, segmentByteCount: 1448)
    #expect(try Self.wait(pace: slow) == Wait(room: slow.window / 2, seconds: 3))
  }

  @Test func `over a long and fast link there may be more under way`() throws {
    let long = SendPace(
      deliveryRate: 100_000_000, roundTrip: .milliseconds(100), segmentByteCount: 1448)
    #expect(try Self.wait(pace: long) == Wait(room: 50_000, seconds: 0))
  }

  @Test func `over a link of which nothing is known nobody waits`() throws {
    #expect(try Self.wait(pace: nil) == Wait(room: 50_000, seconds: 0))
  }
}
