import EkkoNode

/// At which seeds `mutants` looks for each mistake.
enum MutantSeeds: Hashable {
  /// At the one that is recorded for it.
  case recorded
  case range(SeedRange)

  private static let usualCount = 2000

  init(_ flags: FlagValues) throws(Failure) {
    guard flags.isPresent(.recorded) else {
      self = .range(try SeedRange(flags, usualFirst: 0, usualCount: Self.usualCount))
      return
    }
    for flag in [ToolFlag.seed, .seeds] where flags.isPresent(flag) {
      throw FlagValues.mistake(
        flag.name, "with --recorded each mistake has a seed of its own", "Leave one of them out")
    }
    self = .recorded
  }
}

extension ToolFlag {
  static let only = ToolFlag(name: "--only", placeholder: "NAME")
  static let recorded = ToolFlag(name: "--recorded")
}
