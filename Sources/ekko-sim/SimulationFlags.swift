import EkkoNode

extension ToolFlag {
  static let seed = ToolFlag(name: "--seed", placeholder: "S")
  static let seeds = ToolFlag(name: "--seeds", placeholder: "N")
  static let scenario = ToolFlag(name: "--scenario", placeholder: "NAME")
  static let without = ToolFlag(name: "--without", placeholder: "faults:3-7,operations:…")
  static let json = ToolFlag(name: "--json")
}

extension FlagValues {
  init(_ words: ArraySlice<String>, of flags: [ToolFlag]) throws(Failure) {
    try self.init(words, of: flags, program: "ekko-sim")
  }
}
