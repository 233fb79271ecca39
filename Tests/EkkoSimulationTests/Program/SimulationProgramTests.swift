import EkkoSimulation
import Foundation
import Testing

/// The program `ekko-sim`, built beside these tests.
@Suite(.timeLimit(.minutes(5))) struct SimulationProgramTests {
  @Test func `without arguments it prints its help`() throws {
    let help = try BuiltProgram.simulation.run([])

    #expect(help.status == 0 && help.error == "")
    #expect(help.output.hasPrefix("ekko-sim run --seeds 2000 "))
    #expect(try BuiltProgram.simulation.run(["--help"]) == help)
    #expect(try BuiltProgram.simulation.run(["run", "--seeds", "--help"]) == help)
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
    (["run", "--planted", "rowTorn"], "--planted: this build has no planted mistakes. Build it"),
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
    (
      ["replay", "--seed", "1", "--planted", "rowTorn"],
      "--planted: this build has no planted mistakes. Build it with"
    ),
    (["replay", "--seed", "1", "--seeds", "2"], "--seeds: there is no such flag. Did you mean"),
    (
      ["replay", "--seed", "1", "--without", "rows:3"], "--without: 'rows:3' is no part of a plan."
    ),
    (
      ["replay", "--seed", "1", "--without", "nodes:0"],
      "--without: the plan of seed 1 cannot be without nodes:0. It can be without faults:0-"
    ),
    (
      ["replay", "--seed", "1", "--without", "nodes:0-100", "--json"],
      "--without: the plan of seed 1 cannot be without nodes:0,"
    ),
    (
      ["replay", "--seed", "1", "--without", "faults:1,99999,operations:3"],
      "--without: the plan of seed 1 cannot be without faults:99999. It can"
    ),
    (
      ["run", "--seed", "18446744073709551615", "--seeds", "2"],
      "--seed: 2 seeds from 18446744073709551615 on would go beyond the largest there is. Give at"
    ),
    (
      ["run", "--seed", "18446744073709551600"],
      "--seed: 100 seeds from 18446744073709551600 on would go beyond the largest there is. Give "
        + "at most --seeds 16."
    ),
  ])
  func `a mistake is told in one line`(arguments: [String], line: String) throws {
    let result = try BuiltProgram.simulation.run(arguments)

    #expect(result.status == 64 && result.output == "")
    #expect(result.error.hasPrefix("ekko-sim: \(line)"))
    #expect(result.error.split(separator: "\n").count == 1)
  }

  @Test func `a batch ends with its summary, and repeats itself in another process`() throws {
    let arguments = ["run", "--seed", "1", "--seeds", "1", "--json"]
    let first = try BuiltProgram.simulation.run(arguments)
    let second = try BuiltProgram.simulation.run(
      arguments, environment: ["SWIFT_DETERMINISTIC_HASHING": "1", "NO_COLOR": "1"])

    let summary = try #require(first.objects.last)
    #expect(summary["kind"] as? String == "summary" && summary["command"] as? String == "run")
    #expect(summary["first_seed"] as? Int == 1 && summary["seeds"] as? Int == 1)
    #expect(summary["twins"] as? Int == 0)
    #expect((summary["trace_hash"] as? String)?.count == 16)
    #expect(summary["trace_hash"] as? String == second.objects.last?["trace_hash"] as? String)
    #expect(summary["failed"] as? Int == 0 && first.objects.count == 1)
    #expect(first.error == "" && first.status == 0)
  }

  @Test func `a replay prints the plan and the trace hash, and repeats itself`() throws {
    let plan = ClusterScenario().plan(seed: 7)
    var omission = PlanOmission()
    for (part, kept) in [(PlanPart.faults, 1), (.operations, 10), (.nodes, 2)] {
      omission[part] = Array(plan.places(of: part).dropFirst(kept))
    }
    let arguments = ["replay", "--seed", "7", "--without", omission.description]
    let first = try BuiltProgram.simulation.run(arguments)
    let second = try BuiltProgram.simulation.run(arguments + ["--json"])
    let summary = try #require(second.objects.last)

    #expect(first.output.hasPrefix("seed=7 order="))
    #expect(first.output.contains("\nnode 0: t0 in t training"))
    #expect(first.output.contains("\nfault 0: ") && first.output.contains("\noperation 9: "))
    #expect(!first.output.contains("\noperation 10: "))
    #expect(first.output.contains("\ntrace hash "))
    #expect(first.output.hasSuffix("\nnothing failed\n") && first.status == 0)
    #expect(summary["command"] as? String == "replay" && summary["seeds"] as? Int == 1)
    #expect(summary["failed"] as? Int == 0 && second.status == 0 && second.objects.count == 1)
    #expect(try BuiltProgram.simulation.run(arguments) == first)
  }
}
