import Testing

/// The example that is there to be copied.
@Suite(.timeLimit(.minutes(5))) struct FaultInjectionTests {
  @Test(arguments: [["abc"], ["-1"], ["18446744073709551616"], ["1", "2"], [""]])
  func `what is no seed is told in one line`(arguments: [String]) throws {
    let result = try BuiltProgram(name: "FaultInjection").run(arguments)

    #expect(result.status == 64 && result.output == "")
    #expect(
      result.error
        == "FaultInjection: a seed is one whole number from 0 to 18446744073709551615. Give one, "
        + "or none for 1.\n")
  }
}
