import EkkoCore
import EkkoNode
import EkkoSimulation

/// `ekko-sim mutants`: looks for planted mistakes, and prints which invariant gave each away at which
/// seed.
struct MutantsCommand {
  #if PlantedBugs
    private let bugs: [PlantedBug]
    private let firstSeed: UInt64
    private let count: Int
    private let isRecorded: Bool
    private let isJSON: Bool

    private static let usualCount = 2000

    init(_ words: ArraySlice<String>) throws(Failure) {
      let flags = try FlagValues(words, of: [.only, .recorded, .seed, .seeds, .json])
      self.bugs = try Self.bugs(flags)
      self.firstSeed = try flags.integer(.seed, in: 0...UInt64.max) ?? 0
      self.count = try flags.integer(.seeds, in: 1...100_000_000) ?? Self.usualCount
      self.isRecorded = flags.isPresent(.recorded)
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
      var summary = MutantSummary()
      for bug in self.bugs {
        let report =
          // One without a recorded seed is tried at the first, and mostly missed there.
          self.isRecorded
          ? hunt.hunt(bug, from: RecordedSeeds.seed(of: bug) ?? 0, count: 1)
          : hunt.hunt(bug, from: self.firstSeed, count: self.count)
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

extension SimulationFlag {
  static let only = SimulationFlag(name: "--only", placeholder: "NAME")
  static let recorded = SimulationFlag(name: "--recorded")
}
