internal import CEkko
internal import EkkoTransport

/// The program `ekko-node`: one command, carried out, and what the process ends with.
package enum Program {
  /// - Parameter words: what follows the program's name.
  package static func run(_ words: [String]) async -> Int32 {
    ekko_keep_freed_memory()
    do {
      return try await Self.run(try CommandLineParser.parse(words)).rawValue
    } catch let failure as Failure {
      return Self.end(failure)
    } catch is CancellationError {
      try? StandardStream.error.print("ekko-node: stopped before there was anything to report")
      return ExitCode.success.rawValue
    } catch {
      return Self.end(
        Failure(
          what: "stopped", why: "\(error)", doThis: "Run it again", exitCode: .failure))
    }
  }

  private static func end(_ failure: Failure) -> Int32 {
    // Standard error may be closed as well; the exit code still tells.
    try? StandardStream.error.print(failure.line)
    return failure.exitCode.rawValue
  }

  private static func run(_ command: Command) async throws -> ExitCode {
    switch command {
    case .help(let text):
      try StandardStream.output.print(text)
    case .node(let options):
      try await NodeProgram(options: options).run()
    case .demo(let options):
      return try await DemoProgram(options: options).run()
    case .train(let options):
      try await TrainProgram(options: options).run()
    case .get(let options):
      try await RowProgram.get(options)
    case .put(let options):
      try await RowProgram.put(options)
    case .delete(let options):
      try await RowProgram.delete(options)
    case .status(let options):
      try await ClusterProgram.status(options)
    case .lag(let options):
      try await ClusterProgram.lag(options)
    case .remove(let options):
      try await ClusterProgram.remove(options)
    }
    return .success
  }
}
