internal import EkkoCore

/// Turns features into keys: XXH64, seed 0, of the UTF-8 text `name=value` (DESIGN §4).
///
/// The state after `name=` is kept per field, so that a row is hashed from its bytes in place and
/// no string is made for it.
package struct FeatureHash: Sendable {
  private let prefixes: [XXH64]

  package init(fields: [String]) {
    self.prefixes = fields.map { name in
      var hash = XXH64()
      let text = Array((name + "=").utf8)
      // Bytes have no padding to expose.
      unsafe hash.update(text.span.bytes)
      return hash
    }
  }

  /// The key of the feature whose value is `value`, as text.
  package func key(field: Int, value: Span<UInt8>) -> UInt64 {
    var hash = self.prefixes[field]
    // Bytes have no padding to expose.
    unsafe hash.update(value.bytes)
    return hash.finalize()
  }

  /// The key of the feature whose value is `value` in decimal.
  package func key(field: Int, value: Int) -> UInt64 {
    var digits = [20 of UInt8](repeating: 0)
    var start = 20
    var rest = value.magnitude
    repeat {
      start -= 1
      digits[start] = UInt8(ascii: "0") + UInt8(rest % 10)
      rest /= 10
    } while rest > 0
    if value < 0 {
      start -= 1
      digits[start] = UInt8(ascii: "-")
    }
    return self.key(field: field, value: digits.span.extracting(start...))
  }

  /// The key of a feature given as text, as the command line writes it.
  package static func key(ofText text: String) -> UInt64 { XXH64.hash(utf8Of: text) }

  /// The key of a pair of features. Not the hash of a text: mixing two keys is several times
  /// cheaper, and nobody asks for a pair by name.
  @inline(__always)
  package static func key(crossing first: UInt64, with second: UInt64) -> UInt64 {
    SplitMix64.mix(first &* 0x9E37_79B9_7F4A_7C15 &+ second)
  }
}
