import Foundation

/// A program of the package, built beside these tests.
struct BuiltProgram {
  let name: String

  static let simulation = BuiltProgram(name: "ekko-sim")

  struct Result: Equatable {
    var output: String
    var error: String
    var status: Int32

    var objects: [NSDictionary] {
      self.output.split(separator: "\n").compactMap {
        (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? NSDictionary
      }
    }
  }

  /// Where its standard output goes.
  enum Output {
    case kept
    /// A pipe that nobody reads any more.
    case closedPipe
    case fullDisk
  }

  func run(
    _ arguments: [String], environment: [String: String] = [:], to sink: Output = .kept
  ) throws -> Result {
    let process = Process()
    process.executableURL = URL(filePath: CommandLine.arguments[0])
      .deletingLastPathComponent().appending(path: self.name)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let (output, error) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = error
    switch sink {
    case .kept: break
    case .closedPipe: try output.fileHandleForReading.close()
    case .fullDisk: process.standardOutput = FileHandle(forWritingAtPath: "/dev/full")
    }
    try process.run()
    let bytes = sink == .kept ? try output.fileHandleForReading.readToEnd() ?? Data() : Data()
    // A line at most: the pipe holds it.
    let talk = try error.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return Result(
      output: String(decoding: bytes, as: UTF8.self), error: String(decoding: talk, as: UTF8.self),
      status: process.terminationStatus)
  }
}
