/// The SplitMix64 generator and its finaliser (Steele, Lea and Flood, 2014).
@usableFromInline
package struct SplitMix64: RandomNumberGenerator, Hashable, Sendable {
  @usableFromInline var state: UInt64

  @inlinable
  package init(seed: UInt64) { self.state = seed }

  @inlinable
  package mutating func next() -> UInt64 {
    defer { self.state &+= 0x9E37_79B9_7F4A_7C15 }
    return Self.mix(self.state)
  }

  /// The first output of a generator seeded with `value`: a bijective mix of 64 bits.
  @inline(__always)
  @inlinable
  package static func mix(_ value: UInt64) -> UInt64 {
    var mixed = value &+ 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A uniform number in [0, 1).
  @inlinable
  package mutating func nextUnit() -> Double { Double(self.next() >> 11) * 0x1p-53 }
}
