/// The words of a command line, sorted by flag. Which flags there are, and what follows each, is the
/// verb's syntax; what the values mean is for `Arguments+Values.swift`.
struct Arguments: Sendable {
  /// Where a value comes from: it decides how a mistake in it is reported.
  enum Source: Hashable, Sendable {
    case commandLine
    case configuration(path: String)
  }

  struct Given: Hashable, Sendable {
    var words: [String]
    let source: Source
  }

  let syntax: VerbSyntax
  private var given: [Flag: Given] = [:]
  private(set) var asksForHelp = false

  init(_ words: ArraySlice<String>, syntax: VerbSyntax) throws(Failure) {
    self.syntax = syntax
    var rest = words
    while let word = rest.popFirst() { try self.take(word, &rest) }
  }

  /// What was given for `flag`; the syntax must have it, so that the help lists all that is read.
  subscript(flag: Flag) -> Given? {
    precondition(self.syntax.syntax(of: flag) != nil, "\(flag) is not in the verb's syntax")
    return self.given[flag]
  }

  /// Adds what a configuration file says; the command line wins.
  mutating func fill(_ flag: Flag, words: [String], from path: String) {
    guard self.given[flag] == nil else { return }
    self.given[flag] = Given(words: words, source: .configuration(path: path))
  }

  /// Checks that everything the verb cannot do without is there.
  func checkRequirements() throws(Failure) {
    for flag in self.syntax.flags where flag.requirement == .required {
      guard self.given[flag.flag] == nil else { continue }
      throw self.failure(
        flag.flag.rawValue, "\(self.name) needs it",
        "Add \(flag.flag.rawValue) \(flag.placeholder)")
    }
    let alternatives = self.syntax.flags.filter { $0.requirement == .alternative }.map(\.flag)
    let chosen = alternatives.filter { self.given[$0] != nil }
    guard !alternatives.isEmpty, chosen.count != 1 else { return }
    let names = alternatives.map(\.rawValue)
    throw self.failure(
      names.joined(separator: chosen.isEmpty ? " or " : " and "),
      chosen.isEmpty ? "\(self.name) needs one of them" : "\(self.name) takes only one of them",
      chosen.isEmpty ? "Add \(names[0])" : "Leave out one of them")
  }

  // MARK: Sorting words

  private mutating func take(_ word: String, _ rest: inout ArraySlice<String>) throws(Failure) {
    if word == "-h" {
      self.asksForHelp = true
      return
    }
    guard word.hasPrefix("-"), word.count > 1 else {
      throw self.failure(
        "'\(word)'", "a flag was expected here", "See '\(self.syntax.verb.invocation) --help'")
    }
    let equals = word.firstIndex(of: "=")
    let name = String(word[..<(equals ?? word.endIndex)])
    let attached = equals.map { String(word[word.index(after: $0)...]) }
    if name == Flag.help.rawValue {
      self.asksForHelp = true
      return
    }
    guard let flag = Flag(rawValue: name), let syntax = self.syntax.syntax(of: flag) else {
      throw self.unknownFlag(name)
    }
    let words = try self.words(for: syntax, attached: attached, &rest)
    if self.given[flag] == nil {
      self.given[flag] = Given(words: words, source: .commandLine)
    } else if syntax.arity == .repeatedValue {
      self.given[flag]?.words += words
    } else {
      throw self.failure(name, "it was given twice", "Give it once")
    }
  }

  private func words(
    for syntax: FlagSyntax, attached: String?, _ rest: inout ArraySlice<String>
  ) throws(Failure) -> [String] {
    let name = syntax.flag.rawValue
    var words = attached.map { [$0] } ?? []
    switch syntax.arity {
    case .nothing:
      guard attached == nil else {
        throw self.failure(name, "it takes no value", "Write \(name) alone")
      }
      return []
    case .value, .repeatedValue:
      if words.isEmpty, let next = rest.first, !next.hasPrefix("--") {
        words.append(next)
        rest.removeFirst()
      }
    case .words:
      while let next = rest.first, !next.hasPrefix("--") {
        words.append(next)
        rest.removeFirst()
      }
    }
    guard !words.isEmpty, syntax.arity == .words || words != [""] else {
      throw self.failure(name, "its value is missing", "Write \(name) \(syntax.placeholder)")
    }
    return words
  }

  // MARK: Failures

  private var name: String {
    self.syntax.verb == .node ? "a node" : "'\(self.syntax.verb.invocation)'"
  }

  private func failure(_ what: String, _ why: String, _ doThis: String) -> Failure {
    Failure(what: what, why: why, doThis: doThis, exitCode: .usage)
  }

  private func unknownFlag(_ name: String) -> Failure {
    let help = "See '\(self.syntax.verb.invocation) --help'"
    if let flag = Flag(rawValue: name) {
      let others = VerbSyntax.all.filter { $0.syntax(of: flag) != nil }
      let takers = others.map { "'\($0.verb.invocation)'" }.joined(separator: ", ")
      return self.failure(
        name, "\(self.name) does not take it, only \(takers)", "Leave it out")
    }
    // One dash instead of two is the same slip for a short name as for a long one.
    let bare = String(name.drop { $0 == "-" })
    let known = (self.syntax.flags.map(\.flag) + [.help]).map { String($0.rawValue.dropFirst(2)) }
    if let near = Spelling.nearest(to: bare, among: known) {
      return self.failure(name, "there is no such flag", "Did you mean --\(near)? \(help)")
    }
    return self.failure(name, "there is no such flag", help)
  }
}
