import Foundation
import Testing

/// `ekko-sim explore`: what it refuses, and what it prints for people and for programs.
@Suite(.timeLimit(.minutes(5))) struct ExploreProgramTests {
  @Test(arguments: [
    (["--frobnicate", "1"], "--frobnicate: there is no such flag. See 'ekko-sim --help'."),
    (["--replica", "2"], "--replica: there is no such flag. Did you mean --replicas?"),
    (["--seed", "1"], "--seed: there is no such flag. See 'ekko-sim --help'."),
    (["foo"], "'foo': a flag was expected here."),
    (["--delays", "3"], "'3': a flag was expected here."),
    (["--pulls"], "--pulls: its value is missing. Write --pulls N."),
    (
      ["--replicas", "70", "--operations", "1"], "--replicas: '70' is not a whole number from 2 to"
    ),
    (["--replicas", "0"], "--replicas: '0' is not a whole number from 2 to 6."),
    (["--replicas", "99", "--operations", "0"], "--replicas: '99' is not a whole number"),
    (["--operations", "0"], "--operations: '0' is not a whole number from 1 to 20."),
    (
      ["--operations", "1", "--restarts", "15"], "--restarts: '15' is not a whole number from 0 to"
    ),
    (
      ["--operations", "1", "--concurrent-pulls", "0"], "--concurrent-pulls: '0' is not a whole nu"
    ),
    (
      ["--replicas", "2"], "--operations: a scope needs something that happens. Add --operations N."
    ),
    (["--delays"], "--operations: a scope needs something that happens."),
    (["--trap", "36", "--replicas", "5"], "--trap: it does not go with --replicas. Give one"),
    (["--pulls", "3", "--small"], "--small: it does not go with --pulls. Give one of them."),
    (["--small", "--trap", "36"], "--small: it does not go with --trap. Give one of them."),
    (
      ["--trap", "x"], "--trap: 'x' is none that can be planted here. Known are 1, 2, 4, 20, 28, 3"
    ),
    (
      ["--trap", "3"], "--trap: '3' is none that can be planted here. Known are 1, 2, 4, 20, 28, 3"
    ),
  ])
  func `a mistake is told in one line`(arguments: [String], line: String) throws {
    let result = try BuiltProgram.simulation.run(["explore"] + arguments)

    #expect(result.status == 64 && result.output == "")
    #expect(result.error.hasPrefix("ekko-sim: \(line)"))
    #expect(result.error.split(separator: "\n").count == 1)
  }

  @Test func `the largest number of replicas can be explored`() throws {
    let result = try BuiltProgram.simulation.run([
      "explore", "--replicas", "6", "--operations=1", "--pulls", "1", "--restarts", "1",
    ])

    #expect(result.status == 0 && result.error == "")
    #expect(result.output.hasPrefix("6 replicas, 1 operation, 1 pull, 1 restart: "))
    #expect(result.output.split(separator: "\n").count == 1)
  }

  @Test func `one scope is one object, and the summary another`() throws {
    let result = try BuiltProgram.simulation.run([
      "explore", "--operations", "2", "--pulls", "1", "--delays", "--json",
    ])

    #expect(result.status == 0 && result.objects.count == 2)
    let scope = try #require(result.objects.first)
    let options = try #require(scope["scope"] as? [String: Any])
    #expect(scope["kind"] as? String == "scope")
    #expect(options["replicas"] as? Int == 2 && options["operations"] as? Int == 2)
    #expect(options["concurrent_pulls"] as? Int == 9 && options["delays"] as? Bool == true)
    #expect(scope["invariant"] is NSNull && (scope["path"] as? [String])?.isEmpty == true)
    let summary = try #require(result.objects.last)
    #expect(summary["kind"] as? String == "summary")
    #expect(summary["command"] as? String == "explore")
    #expect(summary["scopes"] as? Int == 1 && summary["broken"] as? Int == 0)
    #expect(summary["states"] as? Int == scope["states"] as? Int)
    #expect(summary["traps"] as? Int == 0 && (summary["missed"] as? [Int])?.isEmpty == true)
  }

  @Test func `one planted mistake is one object, and what it broke is as expected`() throws {
    let result = try BuiltProgram.simulation.run(["explore", "--json", "--trap", "1"])

    #expect(result.status == 0 && result.objects.count == 2)
    let trap = try #require(result.objects.first)
    #expect(trap["kind"] as? String == "trap" && trap["trap"] as? Int == 1)
    #expect(trap["invariant"] as? String == "K1" && trap["expected"] as? String == "K1")
    #expect((trap["path"] as? [String])?.isEmpty == false)
    let summary = try #require(result.objects.last)
    #expect(summary["scopes"] as? Int == 0 && summary["traps"] as? Int == 1)
  }
}
