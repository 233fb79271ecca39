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
      return [try PlantedMistakes.named(name)]
    }

    func run() throws(Failure) -> ExitCode {
      let start = ContinuousClock.now
      var hunt = MutantHunt(ClusterScenario())
      var summary = MutantSummary(isRecorded: self.seeds == .recorded)
      for bug in self.bugs {
        let report =
          switch self.seeds {
          case .recorded: hunt.confirm(bug)
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
      throw PlantedMistakes.missing("'ekko-sim mutants'")
    }

    func run() throws(Failure) -> ExitCode { .failure }
  #endif
}
