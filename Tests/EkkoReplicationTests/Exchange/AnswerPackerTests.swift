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

  private static func wait(over path: NetworkPath?, afterSending byteCount: Int) throws -> Wait {
    let simulation = Simulation(seed: 1)
    let process = simulation.makeProcess("node")
    return try simulation.run(as: process) { () async -> Wait in
      let clock = process.clock
      let pair = try? await PacedChannel.openLinks(over: path, on: process.runtime)
      guard let (link, reader) = pair else { return Wait() }
      let frame = Frame(kind: 77, payload: [UInt8](repeating: 1, count: byteCount / 4))
      try? await link.send([frame, frame, frame, frame])
      let reading = process.runtime.spawn(on: Home(index: 0)) {
        try? await clock.sleep(for: .seconds(3))
        var count = 0
        while count < 4, let frames = try? await reader.receive(), !frames.isEmpty {
          count += frames.count
        }
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

  private static let path = NetworkPath(roundTrip: .microseconds(100), segmentByteCount: 1448)

  @Test func `rows are asked for only when what was sent has nearly gone`() throws {
    // In three seconds nothing left: as slow a way as there is.
    #expect(
      try Self.wait(over: Self.path, afterSending: 200_000) == Wait(room: 16 << 10, seconds: 3))
  }

  @Test func `while little is under way nobody waits`() throws {
    #expect(
      try Self.wait(over: Self.path, afterSending: 1000) == Wait(room: 50_000, seconds: 0))
  }

  @Test func `where bytes need not queue nobody waits`() throws {
    #expect(try Self.wait(over: nil, afterSending: 200_000) == Wait(room: 50_000, seconds: 0))
  }
}
