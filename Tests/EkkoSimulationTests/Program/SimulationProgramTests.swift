import Foundation
import Testing

/// The program `ekko-sim`, built beside these tests.
@Suite(.timeLimit(.minutes(5))) struct SimulationProgramTests {
  private struct Result: Equatable {
    var output: String
    var error: String
    var status: Int32

    var objects: [NSDictionary] {
      self.output.split(separator: "\n").compactMap {
        (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? NSDictionary
      }
    }
  }

  private static func run(
    _ arguments: [String], environment: [String: String] = [:]
  ) throws -> Result {
    let process = Process()
    process.executableURL = URL(filePath: CommandLine.arguments[0])
      .deletingLastPathComponent().appending(path: "ekko-sim")
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let (output, error) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = error
    try process.run()
    let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
    // A line at most: the pipe holds it.
    let talk = try error.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return Result(
      output: String(decoding: bytes, as: UTF8.self), error: String(decoding: talk, as: UTF8.self),
      status: process.terminationStatus)
  }

  @Test func `without arguments it prints its help`() throws {
    let help = try Self.run([])

    #expect(help.status == 0 && help.error == "")
    #expect(help.output.hasPrefix("ekko-sim run --seeds 2000 "))
    #expect(try Self.run(["--help"]) == help)
    #expect(try Self.run(["run", "--seeds", "--help"]) == help)
  }

  @Test(arguments: [
    (["replai"], "'replai': there is no such verb. Did you mean 'replay'?"),
    (["run", "--sedes", "3"], "--sedes: there is no such flag. Did you mean --seeds?"),
    (["run", "-seed", "3"], "-seed: there is no such flag. Did you mean --seed?"),
    (["run", "--frobnicate"], "--frobnicate: there is no such flag. See 'ekko-sim --help'."),
    (["run", "--without", "faults:1"], "--without: there is no such flag. See"),
    (["run", "--seeds", "0"], "--seeds: '0' is not a whole number from 1 to 100000000. Give one"),
    (["run", "--seed", "-1"], "--seed: '-1' is not a whole number"),
    (["run", "--seeds"], "--seeds: its value is missing. Write --seeds N."),
    (["run", "--seeds", "--json"], "--seeds: its value is missing. Write --seeds N."),
    (["run", "--seed=1", "--seed=2"], "--seed: it was given twice. Give it once."),
    (["run", "--json=yes"], "--json: it takes no value. Write --json alone."),
    (["run", "5"], "'5': a flag was expected here."),
    (
      ["mutants", "--json"],
      "'ekko-sim mutants': this build has no planted mistakes. Build it with 'swift build -c release "
        + "--traits PlantedBugs --scratch-path .build-planted'."
    ),
    (["run", "--scenario", "clutser"], "'clutser': there is no such scenario. Did you mean 'cl"),
    (
      ["run", "--scenario", "scale", "--seeds", "2"], "--seeds: the scenario 'scale' has one seed."
    ),
    (
      ["replay", "--scenario", "scale", "--seed", "2"],
      "--scenario scale: it has no plan to replay."
    ),
    (["replay"], "--seed: 'ekko-sim replay' needs it. Add --seed S."),
    (["replay", "--seed", "1", "--seeds", "2"], "--seeds: there is no such flag. Did you mean"),
    (
      ["replay", "--seed", "1", "--without", "rows:3"], "--without: 'rows:3' is no part of a plan."
    ),
  ])
  func `a mistake is told in one line`(arguments: [String], line: String) throws {
    let result = try Self.run(arguments)

    #expect(result.status == 64 && result.output == "")
    #expect(result.error.hasPrefix("ekko-sim: \(line)"))
    #expect(result.error.split(separator: "\n").count == 1)
  }

  @Test func `explore still takes its own flags`() throws {
    #expect(try Self.run(["explore", "--frobnicate", "1"]).status == 64)
  }

  @Test func `a batch ends with its summary, and repeats itself in another process`() throws {
    let arguments = ["run", "--seed", "1", "--seeds", "1", "--json"]
    let first = try Self.run(arguments)
    let second = try Self.run(
      arguments, environment: ["SWIFT_DETERMINISTIC_HASHING": "1", "NO_COLOR": "1"])

    let summary = try #require(first.objects.last)
    #expect(summary["kind"] as? String == "summary" && summary["command"] as? String == "run")
    #expect(summary["first_seed"] as? Int == 1 && summary["seeds"] as? Int == 1)
    #expect(summary["twins"] as? Int == 0)
    #expect((summary["trace_hash"] as? String)?.count == 16)
    #expect(summary["trace_hash"] as? String == second.objects.last?["trace_hash"] as? String)
    #expect(first.error == "")
    #expect((summary["failed"] as? Int == 0) == (first.status == 0))
  }

  @Test func `a replay prints the plan and the trace hash, and repeats itself`() throws {
    let arguments = [
      "replay", "--seed", "7", "--without", "faults:1-99,operations:10-9999,nodes:3-99",
    ]
    let first = try Self.run(arguments)
    let summary = try #require(try Self.run(arguments + ["--json"]).objects.last)

    #expect(first.output.hasPrefix("seed=7 order="))
    #expect(first.output.contains("\nnode 0: t0 in t training"))
    #expect(first.output.contains("\nfault 0: ") && first.output.contains("\noperation 9: "))
    #expect(!first.output.contains("\noperation 10: "))
    #expect(first.output.contains("\ntrace hash "))
    #expect(summary["command"] as? String == "replay" && summary["seeds"] as? Int == 1)
    #expect(try Self.run(arguments) == first)
  }
}
