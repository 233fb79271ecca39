/// Buckets of counts: exact below four, then two per power of two.
///
/// Click logs have heavy-tailed counts; two buckets per octave keep enough examples in each. Only
/// integer arithmetic, so that keys are equal on every platform.
package enum LogarithmicBucket {
  /// The bucket of `value`; negative values are their own.
  package static func bucket(of value: Int) -> Int {
    guard value >= 4 else { return value }
    let exponent = Int.bitWidth - 1 - value.leadingZeroBitCount
    return (exponent - 1) << 1 + value >> (exponent - 1)
  }

  /// log₂(1 + value), linear between powers of two, scaled to about −0.5 … 2.
  package static func scaled(_ value: Int) -> Float {
    guard value >= 0 else { return -0.5 }
    let (sum, overflow) = value.addingReportingOverflow(1)
    let shifted = overflow ? value : sum
    let exponent = Int.bitWidth - 1 - shifted.leadingZeroBitCount
    let fraction = Float(shifted) / Float(sign: .plus, exponent: exponent, significand: 1) - 1
    return (Float(exponent) + fraction) * 0.2 - 0.5
  }
}
