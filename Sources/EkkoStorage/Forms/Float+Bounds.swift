extension Float {
  /// The number moved into −limit…limit, by default the finite range; not-a-number becomes
  /// `limit`. Two instructions, in vectors too, where `min` and `max` with their rules for
  /// not-a-number are more.
  @inline(__always)
  func bounded(by limit: Float = .greatestFiniteMagnitude) -> Float {
    let upper = self < limit ? self : limit
    return upper > -limit ? upper : -limit
  }
}
