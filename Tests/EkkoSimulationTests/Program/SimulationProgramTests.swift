import Foundation
import Testing

/// The program `ekko-sim`, built beside these tests.
@Suite struct SimulationProgramTests {
  private static func run(_ arguments: [String]) throws -> (output: String, status: Int32) {
    let process = Process()
    process.executableURL = URL(filePath: CommandLine.arguments[0])
      .deletingLastPathComponent().appending(path: "ekko-sim")
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (String(decoding: bytes, as: UTF8.self), process.terminationStatus)
  }

  @Test func `without arguments it prints its help, and an unknown command is refused`() throws {
    let (help, status) = try Self.run([])

    #expect(status == 0)
    #expect(help.hasPrefix("ekko-sim explore "))
    #expect(try Self.run(["--help"]) == (help, 0))
    #expect(try Self.run(["replai"]) == ("", 64))
  }
}
