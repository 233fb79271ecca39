/// Numbers as people read them.
package enum Figures {
  /// What stands for a value that is not there.
  package static let none = "–"

  /// With so many digits after the point, and spaces between thousands.
  package static func fixed(_ value: Double?, _ digits: Int) -> String {
    guard let value, value.isFinite, value.magnitude < 1e15 else { return Self.none }
    var scale = 1
    for _ in 0..<digits { scale *= 10 }
    let (whole, rest) = Int((value.magnitude * Double(scale)).rounded())
      .quotientAndRemainder(dividingBy: scale)
    let sign = value < 0 && (whole > 0 || rest > 0) ? "-" : ""
    guard digits > 0 else { return sign + Self.grouped(whole) }
    let tail = String(rest)
    return sign + Self.grouped(whole) + "."
      + String(repeating: "0", count: digits - tail.count) + tail
  }

  /// With spaces between thousands.
  package static func grouped(_ value: some BinaryInteger) -> String {
    let digits = Array(String(value.magnitude))
    var text = value < 0 ? "-" : ""
    for (place, digit) in digits.enumerated() {
      if place > 0, (digits.count - place).isMultiple(of: 3) { text += " " }
      text.append(digit)
    }
    return text
  }

  package static func percent(_ fraction: Double?) -> String {
    fraction.map { Self.fixed($0 * 100, 1) + " %" } ?? Self.none
  }

  package static func bytes(_ count: some BinaryInteger) -> String {
    var value = Double(count)
    for unit in ["B", "kB", "MB", "GB"] {
      if value.magnitude < 1000 { return Self.fixed(value, unit == "B" ? 0 : 1) + " " + unit }
      value /= 1000
    }
    return Self.fixed(value, 1) + " TB"
  }
}
