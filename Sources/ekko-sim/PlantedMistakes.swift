import EkkoCore
import EkkoNode
import EkkoSimulation

/// The mistakes that can be planted in this build.
enum PlantedMistakes {
  #if PlantedBugs
    static func named(_ name: String) throws(Failure) -> PlantedBug {
      guard let bug = PlantedBug(rawValue: name) else {
        throw FlagValues.unknown(
          name, "there is no such mistake", among: PlantedBug.allCases.map(\.rawValue),
          of: "ekko-sim")
      }
      return bug
    }

    /// Plants one for the rest of this process.
    static func plant(_ name: String) throws(Failure) { PlantedBug.active = try Self.named(name) }
  #else
    static func plant(_ name: String) throws(Failure) { throw Self.missing("--planted") }

    static func missing(_ what: String) -> Failure {
      FlagValues.mistake(
        what, "this build has no planted mistakes",
        "Build it with 'swift build -c release --traits PlantedBugs --scratch-path .build-planted'")
    }
  #endif
}

extension ToolFlag {
  static let planted = ToolFlag(name: "--planted", placeholder: "NAME")
}
