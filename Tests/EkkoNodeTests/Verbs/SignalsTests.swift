import Glibc
import Testing

@testable import EkkoNode

@Suite(.timeLimit(.minutes(5))) struct SignalsTests {
  @Test func `the first signal only asks`() async {
    await #expect(processExitsWith: .exitCode(7)) {
      let signals = Signals()
      guard !signals.haveCome else { exit(1) }
      kill(getpid(), SIGTERM)
      await signals.wait()
      exit(signals.haveCome ? 7 : 1)
    }
  }

  @Test func `a second SIGINT ends the process at once with 130, after its last words`()
    async throws
  {
    let result = await #expect(
      processExitsWith: .exitCode(130), observing: [\.standardErrorContent]
    ) {
      let signals = Signals()
      StandardStream.error.setLastWords("<last words>")
      kill(getpid(), SIGINT)
      await signals.wait()
      kill(getpid(), SIGINT)
      sleep(20)
    }

    let said = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(said.contains("<last words>"))
  }

  @Test func `a SIGTERM after a SIGINT ends the process with 143, without words taken back`()
    async throws
  {
    let result = await #expect(
      processExitsWith: .exitCode(143), observing: [\.standardErrorContent]
    ) {
      let signals = Signals()
      StandardStream.error.setLastWords("<last words>")
      StandardStream.error.setLastWords("")
      kill(getpid(), SIGINT)
      await signals.wait()
      kill(getpid(), SIGTERM)
      sleep(20)
    }

    let said = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(!said.contains("<last words>"))
  }

  @Test(arguments: [SIGHUP, SIGQUIT, SIGABRT])
  func `a signal that kills lets the last words out, and kills`(_ number: CInt) async throws {
    let result = await #expect(
      processExitsWith: .signal(number), observing: [\.standardErrorContent]
    ) { [number] in
      StandardStream.error.setLastWords("<last words>")
      // To the process: the threads of the pool hold signals back.
      kill(getpid(), number)
      sleep(20)
    }

    let said = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(said.contains("<last words>"))
  }

  @Test func `the end of the input asks where that is wanted`() async {
    await #expect(processExitsWith: .exitCode(7)) {
      var ends: [CInt] = [-1, -1]
      guard pipe(&ends) == 0, dup2(ends[0], STDIN_FILENO) == STDIN_FILENO else { exit(1) }
      let signals = Signals(endsWithInput: true)
      guard write(ends[1], "x", 1) == 1, !signals.haveCome else { exit(2) }
      close(ends[1])
      await signals.wait()
      exit(7)
    }
  }
}
