import EkkoCore
import EkkoRecommender
import Testing

@Suite struct FollowingByteSourceTests {
  /// Says what it was told to say, `nil` for "nothing yet".
  private struct Script: ByteSource {
    var answers: [String?]

    mutating func nextChunk() -> [UInt8]? {
      self.answers.isEmpty ? nil : self.answers.removeFirst().map { Array($0.utf8) }
    }
  }

  /// A clock whose sleeps end at once, until they have ended often enough.
  private actor Naps {
    private var left: Int

    init(_ left: Int) { self.left = left }

    func nap() throws {
      guard self.left > 0 else { throw CancellationError() }
      self.left -= 1
    }
  }

  private struct NapClock: RuntimeClock {
    let naps: Naps

    func now() -> Instant { Instant(monotonic: .zero, wall: WallTime(microseconds: 0)) }

    func sleep(until deadline: MonotonicTime) async throws { try await self.naps.nap() }
  }

  @Test func `rows read so far are handed over before waiting for more`() async throws {
    let script = Script(answers: ["1::2::7::1\n3::", nil, nil, "4::7::2\n", nil])
    let source = FollowingByteSource(script, clock: NapClock(naps: Naps(3)))
    var reader = ClickLogReader(format: .movietweetings, source: source)

    let first = try await reader.nextBatch(limit: 100)
    let second = try await reader.nextBatch(limit: 100)

    #expect(first?.seconds == [1])
    #expect(second?.seconds == [2])
    await #expect(throws: CancellationError.self) { try await reader.nextBatch(limit: 100) }
  }
}
