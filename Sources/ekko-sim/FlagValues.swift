import EkkoNode

/// A flag that a verb takes.
struct SimulationFlag {
  let name: String
  /// What stands for its value in messages; `nil` if it takes none.
  var placeholder: String?

  static let seed = SimulationFlag(name: "--seed", placeholder: "S")
  static let seeds = SimulationFlag(name: "--seeds", placeholder: "N")
  static let scenario = SimulationFlag(name: "--scenario", placeholder: "NAME")
  static let without = SimulationFlag(name: "--without", placeholder: "faults:3-7,operations:…")
  static let json = SimulationFlag(name: "--json")
}

/// The words that follow a verb, sorted by flag.
struct FlagValues {
  private var values: [String: String] = [:]

  private static let help = "See 'ekko-sim --help'"

  init(_ words: ArraySlice<String>, of flags: [SimulationFlag]) throws(Failure) {
    var rest = words
    while let word = rest.popFirst() { try self.take(word, &rest, flags) }
  }

  private mutating func take(
    _ word: String, _ rest: inout ArraySlice<String>, _ flags: [SimulationFlag]
  ) throws(Failure) {
    guard word.hasPrefix("-") else {
      throw Self.mistake("'\(word)'", "a flag was expected here", Self.help)
    }
    let equals = word.firstIndex(of: "=")
    let name = String(word[..<(equals ?? word.endIndex)])
    let attached = equals.map { String(word[word.index(after: $0)...]) }
    guard let flag = flags.first(where: { $0.name == name }) else {
      throw Self.unknown(name, among: flags)
    }
    guard self.values[name] == nil else {
      throw Self.mistake(name, "it was given twice", "Give it once")
    }
    guard let placeholder = flag.placeholder else {
      guard attached == nil else {
        throw Self.mistake(name, "it takes no value", "Write \(name) alone")
      }
      self.values[name] = ""
      return
    }
    let value = attached ?? (rest.first?.hasPrefix("--") == false ? rest.popFirst() : nil)
    guard let value, !value.isEmpty else {
      throw Self.mistake(name, "its value is missing", "Write \(name) \(placeholder)")
    }
    self.values[name] = value
  }

  // MARK: Values

  func isPresent(_ flag: SimulationFlag) -> Bool { self.values[flag.name] != nil }

  func text(_ flag: SimulationFlag) -> String? { self.values[flag.name] }

  func integer<Value: FixedWidthInteger>(
    _ flag: SimulationFlag, in range: ClosedRange<Value>
  ) throws(Failure) -> Value? {
    guard let text = self.text(flag) else { return nil }
    guard text.allSatisfy({ $0.isASCII && $0.isNumber }), let value = Value(text),
      range.contains(value)
    else {
      throw Self.mistake(
        flag.name,
        "'\(text)' is not a whole number from \(range.lowerBound) to \(range.upperBound)",
        "Give one, in decimal digits")
    }
    return value
  }

  // MARK: Mistakes

  static func mistake(_ what: String, _ why: String, _ doThis: String) -> Failure {
    Failure(what: what, why: why, doThis: doThis, exitCode: .usage)
  }

  /// A name that is none of `known`, which may have been meant.
  static func unknown(
    _ name: String, _ why: String, among known: [String]
  ) -> Failure {
    let near = Spelling.nearest(to: name, among: known)
    return Self.mistake(
      "'\(name)'", why, near.map { "Did you mean '\($0)'? \(Self.help)" } ?? Self.help)
  }

  private static func unknown(_ name: String, among flags: [SimulationFlag]) -> Failure {
    // One dash instead of two is the same slip for a short name as for a long one.
    let known = flags.map { String($0.name.dropFirst(2)) } + ["help"]
    let near = Spelling.nearest(to: String(name.drop { $0 == "-" }), among: known)
    return Self.mistake(
      name, "there is no such flag",
      near.map { "Did you mean --\($0)? \(Self.help)" } ?? Self.help)
  }
}
