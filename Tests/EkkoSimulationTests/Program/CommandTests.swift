import EkkoNode
import EkkoSimulation
import Testing

@testable import ekko_sim

/// Commands of `ekko-sim` in the tests' own process.
struct CommandTests {
  @Test(arguments: [
    (
      Simulation.Failure.deadlock(time: 1_500_000_000, step: 7),
      "everything waits and nothing will wake it, at step 7 and virtual time 1.5 seconds"
    ),
    (.stepLimit(time: 0), "the run does not come to its end, at virtual time 0.0 seconds"),
  ])
  func `a scale run that does not end says why`(failure: Simulation.Failure, why: String) {
    let command = ScaleCommand(
      seed: 3, isJSON: true, measure: { _, _ throws(Simulation.Failure) in throw failure })

    #expect(
      throws: Failure(
        what: "scenario scale with 1 data center", why: why,
        doThis: "'ekko-sim run --scenario scale --seed 3' repeats it", exitCode: .failure)
    ) { try command.run() }
  }

  private static func flags(_ words: [String]) throws -> FlagValues {
    try FlagValues(words[...], of: [.only, .recorded, .seed, .seeds, .json])
  }

  @Test func `mistakes are looked for at recorded seeds or at others`() throws {
    #expect(try MutantSeeds(Self.flags(["--recorded"])) == .recorded)
    let last = ["--seed", "18446744073709551615", "--seeds=1"]
    let range = try SeedRange(Self.flags(last), usualFirst: 0, usualCount: 9)
    #expect(range.first == .max && range.count == 1)
    #expect(try MutantSeeds(Self.flags(last)) == .range(range))
  }

  @Test(arguments: [
    (["--recorded", "--seed", "5", "--seeds", "9"], "--seed"),
    (["--seeds", "9", "--recorded"], "--seeds"),
    (["--seed", "18446744073709549617"], "--seed"),
  ])
  func `what cannot be meant is refused`(words: [String], flag: String) throws {
    let failure = #expect(throws: Failure.self) { try MutantSeeds(Self.flags(words)) }

    #expect(failure?.what == flag && failure?.exitCode == .usage)
  }

  private static func report(isFound: Bool) -> MutantReport {
    MutantReport(
      name: "rowTorn", meaning: "Half a row is written.", trap: 5,
      find: isFound
        ? .init(
          seed: 8,
          failure: .init(invariant: "E1", step: 1, virtualTime: .zero, detail: "a torn row"))
        : nil,
      seedsTried: isFound ? 9 : 1)
  }

  @Test func `a mistake is printed with its meaning`() {
    #expect(
      Self.report(isFound: true).textLines
        == [
          "rowTorn (trap 5): E1 at seed 8: a torn row", "  Half a row is written.",
          "  ekko-sim replay --seed 8 --planted rowTorn",
        ])
    #expect(
      Self.report(isFound: false).textLines
        == ["rowTorn (trap 5): not found in 1 seed", "  Half a row is written."])
    #expect(
      Self.report(isFound: true).json.line.contains("\"meaning\":\"Half a row is written.\""))
  }

  @Test func `numbers of seeds are told where seeds were searched`() {
    var searched = MutantSummary()
    searched.add(Self.report(isFound: true))
    var recorded = MutantSummary(isRecorded: true)
    recorded.add(Self.report(isFound: true))

    #expect(
      searched.textLines(wall: .zero).contains { $0.hasSuffix("median 9, at most 9") })
    #expect(!recorded.textLines(wall: .zero).contains { $0.hasPrefix("seeds") })
    #expect(recorded.json(wall: .zero).line.contains("\"median_seeds\":null,\"max_seeds\":null"))
  }
}
