/// The texts of `--help`, made of the table that the parser goes by.
enum Help {
  private static let columnLimit = 78

  /// `ekko-node --help`: all verbs, and the flags of a node.
  static var overall: String {
    var lines = ["Examples:"]
    for syntax in VerbSyntax.all { lines += Self.exampleLines(syntax) }
    lines += ["", "Verbs (each has its own --help):"]
    lines += TextTable.aligned(
      VerbSyntax.all.map { ["  " + ($0.verb == .node ? "(none)" : $0.verb.rawValue), $0.summary] })
    lines += ["", "Running a node:"]
    lines += Self.usageLines(.of(.node)) + Self.flagLines(.of(.node))
    lines += ["", "Exit codes:"]
    lines += TextTable.aligned(Self.exitCodes.map { ["  \($0.0.rawValue)", $0.1] })
    return lines.joined(separator: "\n")
  }

  /// `ekko-node VERB --help`.
  static func of(_ verb: Verb) -> String {
    let syntax = VerbSyntax.of(verb)
    var lines = ["\(verb.invocation) \(syntax.summary).", "", "Examples:"]
    lines += Self.exampleLines(syntax)
    lines += ["", "Usage:"] + Self.usageLines(syntax)
    lines += ["", "Flags:"] + Self.flagLines(syntax)
    return lines.joined(separator: "\n")
  }

  private static let exitCodes: [(ExitCode, String)] = [
    (.success, "done"),
    (.failure, "a check failed, or anything not below"),
    (.usage, "a wrong flag, verb or name"),
    (.badInput, "input that is not of its format"),
    (.unavailable, "no answer in time"),
    (.fileTrouble, "a file that is missing or cannot be read or written"),
    (.configuration, "a port in use, an address that needs a secret, a wrong configuration file"),
  ]

  private static func exampleLines(_ syntax: VerbSyntax) -> [String] {
    syntax.examples.flatMap { ["  \($0.command)", "      \($0.explanation)"] }
  }

  /// The verb with all its flags, broken into lines.
  private static func usageLines(_ syntax: VerbSyntax) -> [String] {
    var lines: [String] = []
    var line = "  \(syntax.verb.invocation)"
    for part in Self.usageParts(syntax) {
      if line.count + 1 + part.count > Self.columnLimit {
        lines.append(line)
        line = "     "
      }
      line += " " + part
    }
    return lines + [line]
  }

  private static func usageParts(_ syntax: VerbSyntax) -> [String] {
    var parts: [String] = []
    let alternatives = syntax.flags.filter { $0.requirement == .alternative }
    for flag in syntax.flags {
      switch flag.requirement {
      case .required: parts.append(Self.call(flag))
      case .optional: parts.append("[\(Self.call(flag))]")
      case .alternative where flag.flag == alternatives.first?.flag:
        parts.append("(\(alternatives.map(Self.call).joined(separator: " | ")))")
      case .alternative: break
      }
    }
    return parts
  }

  private static func call(_ flag: FlagSyntax) -> String {
    flag.placeholder.isEmpty
      ? flag.flag.rawValue : "\(flag.flag.rawValue) \(flag.placeholder)"
  }

  private static func flagLines(_ syntax: VerbSyntax) -> [String] {
    TextTable.aligned(syntax.flags.map { ["  " + Self.call($0), $0.explanation] })
  }
}
