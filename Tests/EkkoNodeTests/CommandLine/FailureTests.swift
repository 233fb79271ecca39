import EkkoClient
import EkkoRecommender
import EkkoStorage
import EkkoTransport
import Glibc
import Testing

@testable import EkkoNode

@Suite struct FailureTests {
  private static let endpoint = Endpoint(host: "127.0.0.1", port: 7400)

  @Test func `a failure is one line, whatever its parts quote`() {
    let failure = Failure(
      what: "cannot read a\nb\u{1B}[31m\u{202E}", why: "no way.", doThis: "Stop it. ",
      exitCode: .failure)

    #expect(
      failure.line == "ekko-node: cannot read a\\u{A}b\\u{1B}[31m\\u{202E}: no way. Stop it.")
    let long = Failure(
      what: String(repeating: "x", count: 100_000), why: "w", doThis: "d", exitCode: .failure)
    #expect(long.line.count < 700)
  }

  @Test(arguments: [
    (ClickLogError.unreadable(path: "f", code: ENOENT), ExitCode.fileTrouble),
    (.unreadable(path: "f", code: EISDIR), .fileTrouble), (.binary(line: 3), .badInput),
    (.wrongFormat(.criteo), .badInput), (.lineTooLong(line: 1, limit: 9), .badInput),
  ])
  func `click logs`(error: ClickLogError, code: ExitCode) {
    let failure = Failure(error, file: "f")

    #expect(failure.exitCode == code)
    #expect(failure.line.contains("f: "))
  }

  @Test func `a log without one good row is bad input`() async throws {
    var log = ClickLogReader(
      format: .criteo, source: MemoryByteSource(Array("0\t1\n0\t1\n".utf8)))
    #expect(try await log.nextBatch(limit: 1) == nil)
    let failure = Failure(allSkipped: log.skipped, file: "f", format: .criteo)

    #expect(failure.exitCode == .badInput)
    #expect(failure.line == "ekko-node: f: none of its 2 rows is a criteo row. Check --format.")
  }

  @Test func `a log without rows is bad input`() {
    let failure = Failure(allSkipped: SkippedRows(), file: "f", format: .criteo)

    #expect(failure.exitCode == .badInput)
    #expect(failure.line == "ekko-node: f: it has no rows. Name a click log with rows.")
  }

  @Test func `files`() {
    let failure = Failure(FileError(path: "d/x", call: .write, code: ENOSPC))

    #expect(failure.exitCode == .fileTrouble)
    #expect(
      failure.line == "ekko-node: cannot write d/x: the disk is full. Make room and start again.")
  }

  @Test(arguments: [
    (SharedSecret.LoadError.notFound(path: "s"), ExitCode.fileTrouble),
    (.notAFile(path: "s"), .configuration), (.wrongMode(path: "s", mode: 0o644), .configuration),
    (.empty(path: "s"), .configuration), (.tooLong(path: "s", byteLimit: 4096), .configuration),
  ])
  func `secrets`(error: SharedSecret.LoadError, code: ExitCode) {
    let failure = Failure(error)

    #expect(failure.exitCode == code)
    #expect(failure.what == "the secret file s")
    if case .wrongMode = error { #expect(failure.why.contains("mode 0644")) }
  }

  @Test func `an address that needs a secret, and a port in use`() {
    let refused = Failure(BindPolicy.Refusal.secretRequired(Self.endpoint))
    let used = Failure(listeningOn: Self.endpoint, .addressInUse)

    #expect(refused.exitCode == .configuration)
    #expect(used.exitCode == .configuration)
    #expect(
      used.line == "ekko-node: cannot listen on 127.0.0.1:7400: the port is in use. "
        + "Give another with --listen, or stop its user.")
    #expect(Failure(listeningOn: Self.endpoint, .resourcesExhausted).exitCode == .failure)
  }

  @Test(arguments: [
    (EkkoError.unreachable("nobody"), ExitCode.unavailable), (.invalid("bad row"), .badInput),
    (.unknownModel("m"), .usage), (.unknownTable(model: "m", table: "t"), .usage),
    (.notJoined("h:1"), .unavailable),
    (.partiallyApplied(missing: ["t": [1]], why: "x"), .unavailable), (.notDurable, .failure),
    (.uncertain, .failure), (.closed, .failure), (.malformedReply, .failure),
    (.configuration("c"), .configuration), (.tooLate, .unavailable),
  ])
  func `calls to the cluster`(error: EkkoError, code: ExitCode) {
    let failure = Failure(
      error, doing: "cannot read")

    #expect(failure.exitCode == code)
    #expect(failure.line.hasPrefix("ekko-node: cannot read: \(error.description). "))
  }
}
