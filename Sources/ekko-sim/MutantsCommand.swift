import EkkoCore
import EkkoNode
import EkkoSimulation

/// `ekko-sim mutants`: looks for planted mistakes, and prints which invariant gave each away at which
/// seed.
struct MutantsCommand {
  #if PlantedBugs
    private let bugs: [PlantedBug]
    private let seeds: MutantSeeds
    private let isJSON: Bool

    init(_ words: ArraySlice<String>) throws(Failure) {
      let flags = try FlagValues(words, of: [.only, .recorded, .seed, .seeds, .json])
      self.bugs = try Self.bugs(flags)
      self.seeds = try MutantSeeds(flags)
      self.isJSON = flags.isPresent(.json)
    }

    private static func bugs(_ flags: FlagValues) throws(Failure) -> [PlantedBug] {
      guard let name = flags.text(.only) else { return PlantedBug.allCases }
      guard let bug = PlantedBug(rawValue: name) else {
        throw FlagValues.unknown(
          name, "there is no such mistake", among: PlantedBug.allCases.map(\.rawValue))
      }
      return [bug]
    }

    func run() throws(Failure) -> ExitCode {
      let start = ContinuousClock.now
      var hunt = MutantHunt(ClusterScenario())
      var summary = MutantSummary(isRecorded: self.seeds == .recorded)
      for bug in self.bugs {
        let report =
          switch self.seeds {
          // One without a recorded seed is tried at the first, and mostly missed there.
          case .recorded: hunt.hunt(bug, from: RecordedSeeds.seed(of: bug) ?? 0, count: 1)
          case .range(let seeds): hunt.hunt(bug, from: seeds.first, count: seeds.count)
          }
        summary.add(report)
        try StandardStream.output.print(self.isJSON ? [report.json.line] : report.textLines)
      }
      let wall = start.duration(to: .now)
      try StandardStream.output.print(
        self.isJSON ? [summary.json(wall: wall).line] : summary.textLines(wall: wall))
      return summary.missed.isEmpty ? .success : .failure
    }
  #else
    init(_ words: ArraySlice<String>) throws(Failure) {
      throw FlagValues.mistake(
        "'ekko-sim mutants'", "this build has no planted mistakes",
        "Build it with 'swift build -c release --traits PlantedBugs --scratch-path .build-planted'")
    }

    func run() throws(Failure) -> ExitCode { .failure }
  #endif
}
