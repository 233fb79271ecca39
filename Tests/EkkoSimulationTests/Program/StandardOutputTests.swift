import Testing

/// What is printed has come out, or the program says that it has not.
@Suite(.timeLimit(.minutes(5))) struct StandardOutputTests {
  private static let commands = [
    ["--help"], ["explore", "--operations", "1", "--pulls", "1"],
    ["explore", "--operations", "1", "--pulls", "1", "--json"],
    ["run", "--seed", "1", "--seeds", "1"],
  ]

  @Test(arguments: Self.commands) func `nobody reads it any more`(command: [String]) throws {
    let result = try BuiltProgram.simulation.run(command, to: .closedPipe)

    #expect(result.status == 74)
    #expect(
      result.error
        == "ekko-sim: cannot write to standard output: nobody reads it any more. Direct it "
        + "elsewhere.\n")
  }

  @Test(arguments: Self.commands) func `the disk is full`(command: [String]) throws {
    let result = try BuiltProgram.simulation.run(command, to: .fullDisk)

    #expect(result.status == 74)
    #expect(
      result.error
        == "ekko-sim: cannot write to standard output: the disk is full. Direct it elsewhere.\n")
  }
}
