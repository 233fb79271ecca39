/// A flag that a verb of one of the smaller programs takes.
package struct ToolFlag: Sendable {
  package let name: String
  /// What stands for its value in messages; `nil` if it takes none.
  package let placeholder: String?

  package init(name: String, placeholder: String? = nil) {
    self.name = name
    self.placeholder = placeholder
  }
}

/// The words that follow a verb, sorted by flag.
package struct FlagValues {
  private var values: [String: String] = [:]

  private let program: String

  /// - Parameter program: whose help a mistake is told to look into.
  package init(
    _ words: ArraySlice<String>, of flags: [ToolFlag], program: String
  ) throws(Failure) {
    self.program = program
    var rest = words
    while let word = rest.popFirst() { try self.take(word, &rest, flags) }
  }

  private mutating func take(
    _ word: String, _ rest: inout ArraySlice<String>, _ flags: [ToolFlag]
  ) throws(Failure) {
    guard word.hasPrefix("-") else {
      throw Self.mistake("'\(word)'", "a flag was expected here", Self.help(of: self.program))
    }
    let equals = word.firstIndex(of: "=")
    let name = String(word[..<(equals ?? word.endIndex)])
    let attached = equals.map { String(word[word.index(after: $0)...]) }
    guard let flag = flags.first(where: { $0.name == name }) else {
      throw Self.unknown(name, among: flags, of: self.program)
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

  package func isPresent(_ flag: ToolFlag) -> Bool { self.values[flag.name] != nil }

  package func text(_ flag: ToolFlag) -> String? { self.values[flag.name] }

  package func integer<Value: FixedWidthInteger>(
    _ flag: ToolFlag, in range: ClosedRange<Value>
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

  package static func mistake(_ what: String, _ why: String, _ doThis: String) -> Failure {
    Failure(what: what, why: why, doThis: doThis, exitCode: .usage)
  }

  /// A name that is none of `known`, which may have been meant.
  package static func unknown(
    _ name: String, _ why: String, among known: [String], of program: String
  ) -> Failure {
    let help = Self.help(of: program)
    let near = Spelling.nearest(to: name, among: known)
    return Self.mistake(
      "'\(name)'", why, near.map { "Did you mean '\($0)'? \(help)" } ?? help)
  }

  private static func help(of program: String) -> String { "See '\(program) --help'" }

  private static func unknown(
    _ name: String, among flags: [ToolFlag], of program: String
  ) -> Failure {
    let help = Self.help(of: program)
    // One dash instead of two is the same slip for a short name as for a long one.
    let known = flags.map { String($0.name.dropFirst(2)) } + ["help"]
    let near = Spelling.nearest(to: String(name.drop { $0 == "-" }), among: known)
    return Self.mistake(
      name, "there is no such flag",
      near.map { "Did you mean --\($0)? \(help)" } ?? help)
  }
}
