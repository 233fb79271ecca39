import Testing

@testable import EkkoBenchmark

@Suite struct ThinLinkTests {
  @Test func `runs do not share addresses, and both ends of a link are in one network of four`() {
    let first = LinkAddresses(number: 65)
    #expect(first.thinNear == "198.18.1.5" && first.thinFar == "198.18.1.6")
    #expect(first.wideNear == "198.19.1.5" && first.wideFar == "198.19.1.6")

    let last = LinkAddresses(number: 16_383)
    #expect(last.thinFar == "198.18.255.254")
    let all = Set((0..<16_384).map { LinkAddresses(number: $0) })
    #expect(all.count == 16_384)
  }

  @Test func `a link of a hundred megabits carries an eighth of that in bytes`() {
    #expect(LinkBandwidth(megabitsPerSecond: 100).bytesPerSecond == 12_500_000)
  }

  @Test func `a command that fails says why`() async {
    await #expect(throws: ThinLinkTrouble.failed("sh -c echo no >&2; exit 1", why: "no")) {
      try await SystemCommand.run(["sh", "-c", "echo no >&2; exit 1"])
    }
    await #expect(throws: Never.self) { try await SystemCommand.run(["true"]) }
  }
}
