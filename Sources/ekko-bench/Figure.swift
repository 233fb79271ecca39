import EkkoBenchmark
import EkkoNode

/// What the commands have in common: they print figures as they come, and may measure beside a Redis.
enum Figure {
  static let against = ToolFlag(name: "--against", placeholder: "redis://HOST:PORT")

  static func redis(_ flags: FlagValues) throws(Failure) -> RedisAddress? {
    guard let text = flags.text(Self.against) else { return nil }
    guard let address = RedisAddress(parsing: text) else {
      throw FlagValues.mistake(
        Self.against.name, "'\(text)' is not an address of the form redis://HOST:PORT",
        "Write --against redis://127.0.0.1:6379")
    }
    return address
  }

  /// Runs `body` until it ends, or a signal asks it to end: what it has started is stopped then too.
  static func run(
    _ experiment: String, isJSON: Bool,
    _ body: @escaping @Sendable ((Measurement) throws -> Void) async throws -> Void
  ) async throws(Failure) {
    let signals = Signals()
    if !isJSON { try StandardStream.output.print(Measurement.title) }
    let measuring = Task {
      try await body { measurement in
        try StandardStream.output.print(isJSON ? measurement.json.line : measurement.textLine)
      }
    }
    let watching = Task {
      await signals.wait()
      measuring.cancel()
    }
    let result = await measuring.result
    watching.cancel()
    await watching.value
    do { try result.get() } catch let failure as Failure {
      throw failure
    } catch {
      if signals.haveCome {
        throw Failure(
          what: experiment, why: "it was asked to end before all was measured",
          doThis: "Let it run to its end", exitCode: .failure)
      }
      throw Failure(
        what: experiment, why: "\(error)", doThis: Self.advice(on: error), exitCode: .failure)
    }
  }

  private static func advice(on error: any Error) -> String {
    switch error {
    case RedisTrouble.noAnswer: "Start redis-server there, or name another address"
    case RedisTrouble.noProgram: "Install redis-server"
    case ThinLinkTrouble.notRoot: "Run it as root, or leave --thin-link out"
    case ThinLinkTrouble.failed: "Install iproute2, or leave --thin-link out"
    case ReplicateTrouble.noProgram: "Build ekko-node beside ekko-bench"
    default: "Try again with less"
    }
  }
}
