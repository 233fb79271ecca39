internal import CEkko

/// How one number is stored: the three value types whose elements stand for themselves.
///
/// Written with integer steps, selections and single float operations, so that loops over them
/// vectorise on every x86-64 (the native half conversions are library calls there) and give the
/// same bits everywhere, those of the wider instructions that `ElementConversion` uses included. Encoding saturates: a finite number never becomes infinite, and
/// not-a-number becomes the largest number, whatever a stored row says.
protocol WeightElement {
  associatedtype Stored: BitwiseCopyable
  /// What the vector instructions are told.
  static var storage: ekko_element { get }
  static func decode(_ stored: Stored) -> Float
  static func encode(_ value: Float) -> Stored
}

extension WeightElement {
  @inline(__always)
  static var byteCount: Int { MemoryLayout<Stored>.size }
}

enum Float32Element: WeightElement {
  static var storage: ekko_element { ekko_float32 }

  @inline(__always)
  static func decode(_ stored: Float) -> Float { stored }

  @inline(__always)
  static func encode(_ value: Float) -> Float { value }
}

/// IEEE 754 binary16, rounded to nearest, ties to even.
enum Float16Element: WeightElement {
  static var storage: ekko_element { ekko_float16 }

  private static let largest: Float = 65_504
  /// 2⁻¹⁴, the smallest normal number, as Float32 bits and as binary16 bits.
  private static let smallestNormalBits: UInt32 = 0x3880_0000
  private static let smallestNormalHalf: UInt32 = 0x0400
  private static let infinityHalf: UInt32 = 0x7C00
  /// The distance between the exponents' biases, 127 − 15, in place.
  private static let rebias: UInt32 = 112 << 23
  /// ½ has the exponent at which one unit in the last place is 2⁻²⁴, the step of subnormal halves.
  private static let half: UInt32 = 0x3F00_0000

  @inline(__always)
  static func decode(_ stored: UInt16) -> Float {
    let magnitude = UInt32(stored) & 0x7FFF
    let isSpecial = magnitude >= Self.infinityHalf
    let normal = (magnitude << 13) &+ Self.rebias &+ (isSpecial ? Self.rebias : 0)
    let subnormal = (Float(bitPattern: magnitude | Self.half) - 0.5).bitPattern
    let bits = magnitude < Self.smallestNormalHalf ? subnormal : normal
    return Float(bitPattern: bits | (UInt32(stored) & 0x8000) << 16)
  }

  @inline(__always)
  static func encode(_ value: Float) -> UInt16 {
    let bits = value.bounded(by: Self.largest).bitPattern
    let magnitude = bits & 0x7FFF_FFFF
    let roundsUp = (magnitude >> 13) & 1
    let normal = (magnitude &- Self.rebias &+ 0xFFF &+ roundsUp) >> 13
    // The addition rounds to the subnormal step; the sum's mantissa is then the result.
    let subnormal = (Float(bitPattern: magnitude) + 0.5).bitPattern &- Self.half
    let rounded = magnitude < Self.smallestNormalBits ? subnormal : normal
    return UInt16(truncatingIfNeeded: rounded | (bits >> 16) & 0x8000)
  }
}

/// The upper half of a Float32, rounded to nearest, ties to even.
enum BFloat16Element: WeightElement {
  static var storage: ekko_element { ekko_bfloat16 }

  private static let largest = Float(bitPattern: 0x7F7F_0000)

  @inline(__always)
  static func decode(_ stored: UInt16) -> Float { Float(bitPattern: UInt32(stored) << 16) }

  @inline(__always)
  static func encode(_ value: Float) -> UInt16 {
    let bits = value.bounded(by: Self.largest).bitPattern
    return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16) & 1) >> 16)
  }
}
