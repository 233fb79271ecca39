/// Why the binary ends without having done what was asked: one line for a person, and an exit code.
package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
  /// What failed, as a noun or a command: `--port`, `cannot listen on 127.0.0.1:7400`.
  package let what: String
  /// Why, as a sentence without its full stop.
  package let why: String
  /// What to do about it, as a sentence without its full stop.
  package let doThis: String
  package let exitCode: ExitCode

  package init(what: String, why: String, doThis: String, exitCode: ExitCode) {
    self.what = what
    self.why = why
    self.doThis = doThis
    self.exitCode = exitCode
  }

  /// `ekko-node: WHAT: WHY. DO THIS.`, always one line that a terminal shows as it is: the parts may
  /// quote what came from outside.
  package var line: String { self.line(of: "ekko-node") }

  /// The line of another program.
  package func line(of program: String) -> String {
    "\(program): \(Self.clean(self.what)): \(Self.clean(self.why)). \(Self.clean(self.doThis))."
  }

  package var description: String { self.line }

  /// Longer parts are cut.
  private static let partLimit = 600

  private static func clean(_ text: String) -> String {
    var text = text.printable(limit: Self.partLimit)
    while text.hasSuffix(".") || text.hasSuffix(" ") { text.removeLast() }
    return text
  }
}

extension StringProtocol {
  /// The text with everything that would move the cursor, break the line or change the direction of
  /// writing shown as `\u{…}`, cut after about `limit` characters.
  package func printable(limit: Int = .max) -> String {
    var result = ""
    var count = 0
    for scalar in self.unicodeScalars {
      guard count < limit else { return result + "…" }
      count += 1
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned:
        result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
      default:
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
