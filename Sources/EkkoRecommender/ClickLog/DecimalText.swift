/// Reads decimal integers from bytes.
enum DecimalText {
  /// The whole of `text` as an integer, with an optional minus; `nil` if it is anything else.
  static func integer(_ text: Span<UInt8>) -> Int? {
    guard !text.isEmpty else { return nil }
    let isNegative = text[0] == UInt8(ascii: "-")
    guard !isNegative || text.count > 1 else { return nil }
    var value = 0
    for index in (isNegative ? 1 : 0)..<text.count {
      let digit = Int(text[index]) - Int(UInt8(ascii: "0"))
      guard (0...9).contains(digit) else { return nil }
      let (scaled, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow) = scaled.addingReportingOverflow(digit)
      guard !tooLarge, !overflow else { return nil }
      value = sum
    }
    return isNegative ? -value : value
  }
}
