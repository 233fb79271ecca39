/// A flag as one verb takes it: one line of the table that the parser and the help are made of.
struct FlagSyntax: Sendable {
  /// What follows the flag.
  enum Arity: Hashable, Sendable {
    case nothing
    case value
    /// One value; the flag may be repeated.
    case repeatedValue
    /// One or more words, up to the next flag.
    case words
  }

  enum Requirement: Hashable, Sendable {
    case optional
    case required
    /// Exactly one of the verb's flags with this requirement.
    case alternative
  }

  let flag: Flag
  let arity: Arity
  /// What stands for the value in the help.
  let placeholder: String
  let explanation: String
  var requirement = Requirement.optional

  static func toggle(_ flag: Flag, _ explanation: String) -> FlagSyntax {
    FlagSyntax(flag: flag, arity: .nothing, placeholder: "", explanation: explanation)
  }

  static func value(
    _ flag: Flag, _ placeholder: String, _ explanation: String,
    _ requirement: Requirement = .optional
  ) -> FlagSyntax {
    FlagSyntax(
      flag: flag, arity: .value, placeholder: placeholder, explanation: explanation,
      requirement: requirement)
  }

  static func repeatedValue(
    _ flag: Flag, _ placeholder: String, _ explanation: String, _ requirement: Requirement
  ) -> FlagSyntax {
    FlagSyntax(
      flag: flag, arity: .repeatedValue, placeholder: placeholder, explanation: explanation,
      requirement: requirement)
  }

  static func words(
    _ flag: Flag, _ placeholder: String, _ explanation: String, _ requirement: Requirement
  ) -> FlagSyntax {
    FlagSyntax(
      flag: flag, arity: .words, placeholder: placeholder, explanation: explanation,
      requirement: requirement)
  }
}
