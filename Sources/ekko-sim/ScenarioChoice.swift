import EkkoNode
import EkkoSimulation

/// The scenarios that `--scenario` can name.
enum ScenarioChoice: String, CaseIterable {
  case cluster
  case scale

  init(_ flags: FlagValues) throws(Failure) {
    let name = flags.text(.scenario) ?? BatchFailure.usualScenario
    guard let choice = ScenarioChoice(rawValue: name) else {
      throw FlagValues.unknown(
        name, "there is no such scenario", among: Self.allCases.map(\.rawValue), of: "ekko-sim")
    }
    self = choice
  }
}
