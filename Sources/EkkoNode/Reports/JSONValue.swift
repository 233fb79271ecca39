/// A value to print as JSON, with the fields of objects in the order given. It writes and never reads,
/// and always one line: what comes out is valid JSON whatever the texts and numbers are.
package enum JSONValue: Hashable, Sendable {
  case null
  case truth(Bool)
  case integer(Int)
  case unsigned(UInt64)
  /// `null` unless finite: JSON has no other number.
  case number(Double)
  /// The shortest digits that tell the 32-bit number; `null` unless finite.
  case element(Float)
  case text(String)
  case list([JSONValue])
  case object([Field])

  package struct Field: Hashable, Sendable {
    package let name: String
    package let value: JSONValue

    package init(_ name: String, _ value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  /// A number that may be missing: `null`.
  package static func optional(_ number: Double?) -> JSONValue { number.map(Self.number) ?? .null }

  /// Sixteen hexadecimal digits, as digests and origins are shown.
  package static func hexadecimal(_ value: UInt64) -> JSONValue { .text(value.hexadecimal) }

  package var line: String {
    var text = ""
    self.write(to: &text)
    return text
  }

  private func write(to text: inout String) {
    switch self {
    case .null: text += "null"
    case .truth(let truth): text += truth ? "true" : "false"
    case .integer(let number): text += String(number)
    case .unsigned(let number): text += String(number)
    case .number(let number): text += number.isFinite ? number.description : "null"
    case .element(let number): text += number.isFinite ? number.description : "null"
    case .text(let content): Self.write(content, to: &text)
    case .list(let values):
      text += "["
      for (place, value) in values.enumerated() {
        if place > 0 { text += "," }
        value.write(to: &text)
      }
      text += "]"
    case .object(let fields):
      text += "{"
      for (place, field) in fields.enumerated() {
        if place > 0 { text += "," }
        Self.write(field.name, to: &text)
        text += ":"
        field.value.write(to: &text)
      }
      text += "}"
    }
  }

  private static func write(_ content: String, to text: inout String) {
    text += "\""
    for scalar in content.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      // The line and paragraph separators end a line for some readers of lines.
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

extension UInt64 {
  /// Sixteen digits.
  package var hexadecimal: String {
    let digits = String(self, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
