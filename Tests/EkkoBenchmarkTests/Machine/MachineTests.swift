import Foundation
import Testing

@testable import EkkoBenchmark

@Suite struct MachineTests {
  @Test func `a stream over the loopback carries something`() async throws {
    let stream = LoopbackStream(duration: .milliseconds(20), writeByteCounts: [4096, 65536])

    // Less than a megabyte a second would be no loopback.
    #expect(try await stream.best() > 1e6)
  }

  @Test func `another process's time is that of all its threads`() throws {
    let own = ProcessID(rawValue: getpid())
    let before = try #require(ProcessorTime.of(own))
    let thread = Thread {
      let start = ProcessorTime.ofThread()
      while ProcessorTime.ofThread() - start < .milliseconds(30) {}
    }
    thread.start()
    while !thread.isFinished { usleep(1000) }

    let used = try #require(ProcessorTime.of(own)) - before
    #expect(used >= .milliseconds(30))
    // The system gives no number as large as this.
    #expect(ProcessorTime.of(ProcessID(rawValue: 1 << 22)) == nil)
  }
}
